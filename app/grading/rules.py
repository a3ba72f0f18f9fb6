"""Pure rules of judgements: when a level may be awarded, on which evidence, and by whom.

Sources: BR-12, BR-13, S5, S6.
"""

from collections.abc import Collection, Sequence
from datetime import date, timedelta

from app.cohorts.enums import EnrolmentState
from app.curricula.schemas import Competency, Curriculum
from app.grading.schemas import EvidenceRef, JudgementShown
from app.platform.errors import Reason

RUNNING = frozenset({EnrolmentState.ACTIVE, EnrolmentState.COMPLETED})
"""States in which someone may be judged; a mandate may still be judged after completion (BR-18)."""

MASTERY = 3
"""From this level on, every criterion is met (see :func:`level_reasons`)."""

CODEV_COMPETENCY = "CN-11"
"""*Apprendre par le codéveloppement*, not judged by a facilitator, who heard confidences in the group (S6)."""

WORKING_DAYS = 10
"""Number of working days within which a hand-in is judged."""

WEEKEND = 5


def assessor_reasons(*, assessor: int, participant: int, competency: str, facilitates: bool) -> list[Reason]:
    """Return why the assessor may not judge the participant (BR-13).

    Nobody judges themselves, nor CN-11 of the members of a codev group that they facilitate (S6).
    """
    reasons = []
    if assessor == participant:
        reasons.append(Reason("own_judgement"))
    if facilitates and competency == CODEV_COMPETENCY:
        reasons.append(Reason("facilitator_of_group", {"competency": competency}, "competency_code"))
    return reasons


def level_reasons(competency: Competency, level: int, criteria_met: Sequence[str]) -> list[Reason]:
    """Return why the criteria met do not allow the level.

    Level *n* needs all criteria met at that level. The framework states its criteria once per
    competency, as a mastered performance; the descriptions of levels 1 and 2 contradict them ("names a
    few actors", "prompted if needed"). So all of them are needed from level 3 on, and below, those that
    are met are only noted.
    """
    criteria = [criterion.code for criterion in competency.criteria]
    reasons = [
        Reason("criterion_unknown", {"criterion": code, "competency": competency.code}, f"criteria_met.{index}")
        for index, code in enumerate(criteria_met)
        if code not in criteria
    ]
    missing = [code for code in criteria if code not in criteria_met]
    if level >= MASTERY and missing:
        reasons.append(
            Reason("criteria_missing", {"level": level, "criteria": ", ".join(missing), "n": len(missing)}, "level")
        )
    return reasons


def evidence_reasons(named: Sequence[EvidenceRef], own: Collection[EvidenceRef]) -> list[Reason]:
    """Return why the evidence named is not accepted: at least one piece, all of the enrolment (BR-12)."""
    if not named:
        return [Reason("evidence_needed", field="evidence")]
    return [
        Reason("evidence_unknown", {"kind": ref.kind.value, "id": ref.id}, f"evidence.{index}")
        for index, ref in enumerate(named)
        if ref not in own
    ]


def activity_reasons(curriculum: Curriculum, code: str | None) -> list[Reason]:
    """Return why an activity cannot be named: unknown, or formative, which gives feedback and no level (BR-12)."""
    if code is None:
        return []
    if code not in curriculum.placed:
        return [Reason("activity_unknown", {"activity": code}, "activity_code")]
    if curriculum.activity(code).formative:
        return [Reason("activity_formative", {"activity": code}, "activity_code")]
    return []


def superseding_reasons(before: JudgementShown, *, assessor: int, level: int, reason: str | None) -> list[Reason]:
    """Return why a judgement cannot supersede ``before``: no reason, or a lower level from another assessor (S5).

    The assessor may correct their own judgement either way.
    """
    reasons = []
    if reason is None:
        reasons.append(Reason("reason_needed", field="reason"))
    if assessor != before.assessor_id and level < before.level:
        reasons.append(Reason("review_lowers", {"level": level, "before": before.level}, "level"))
    return reasons


def working_days(since: date, until: date) -> int:
    """Return the number of days from Monday to Friday after ``since`` up to ``until``; holidays are counted."""
    days = (until - since).days
    return sum((since + timedelta(days=n)).weekday() < WEEKEND for n in range(1, days + 1))


def is_overdue(received_on: date, today: date) -> bool:
    """Whether a hand-in has waited for more than ``WORKING_DAYS``."""
    return working_days(received_on, today) > WORKING_DAYS


def threshold(curriculum: Curriculum, competency: str) -> int | None:
    """Return the highest level that a certificate of the path requires of a competency, or ``None``."""
    return max(
        (rule.thresholds[competency] for rule in curriculum.certificates if competency in rule.thresholds), default=None
    )
