"""When a level may be awarded, on what, and by whom. Pure: no session, no clock.

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
"""*Apprendre par le codéveloppement*: what a facilitator heard in confidence must not weigh on it (S6)."""

WORKING_DAYS = 10
"""Within which a hand-in is judged."""

WEEKEND = 5


def assessor_reasons(*, assessor: int, participant: int, competency: str, facilitates: bool) -> list[Reason]:
    """Why this person may not judge that one (BR-13): oneself, or the members of one's own codev group (S6)."""
    reasons = []
    if assessor == participant:
        reasons.append(Reason("own_judgement"))
    if facilitates and competency == CODEV_COMPETENCY:
        reasons.append(Reason("facilitator_of_group", {"competency": competency}, "competency_code"))
    return reasons


def level_reasons(competency: Competency, level: int, criteria_met: Sequence[str]) -> list[Reason]:
    """Whether the criteria allow the level.

    Level *n* needs all criteria met at that level. The framework states its criteria once per
    competency, as a mastered performance; the descriptions of levels 1 and 2 contradict them ("names a
    few actors", "prompted if needed"). So all of them are needed from level 3 on, and below, those that
    are met are only noted.
    """
    known = [criterion.code for criterion in competency.criteria]
    reasons = [
        Reason("criterion_unknown", {"criterion": code, "competency": competency.code}, f"criteria_met.{place}")
        for place, code in enumerate(criteria_met)
        if code not in known
    ]
    missing = [code for code in known if code not in criteria_met]
    if level >= MASTERY and missing:
        reasons.append(
            Reason("criteria_missing", {"level": level, "criteria": ", ".join(missing), "n": len(missing)}, "level")
        )
    return reasons


def evidence_reasons(given: Sequence[EvidenceRef], own: Collection[EvidenceRef]) -> list[Reason]:
    """At least one piece of evidence, all among those of the enrolment (BR-12)."""
    if not given:
        return [Reason("evidence_needed", field="evidence")]
    return [
        Reason("evidence_unknown", {"kind": ref.kind.value, "id": ref.id}, f"evidence.{place}")
        for place, ref in enumerate(given)
        if ref not in own
    ]


def activity_reasons(curriculum: Curriculum, code: str | None) -> list[Reason]:
    """A formative activity gives feedback, never a level of record (BR-12)."""
    if code is None:
        return []
    if code not in curriculum.placed:
        return [Reason("activity_unknown", {"activity": code}, "activity_code")]
    if curriculum.activity(code).formative:
        return [Reason("activity_formative", {"activity": code}, "activity_code")]
    return []


def superseding_reasons(before: JudgementShown, *, assessor: int, level: int, reason: str | None) -> list[Reason]:
    """What replaces a judgement says why; a review by someone else never lowers the level (S5).

    The assessor may correct their own judgement either way.
    """
    reasons = []
    if reason is None:
        reasons.append(Reason("reason_needed", field="reason"))
    if assessor != before.assessor_id and level < before.level:
        reasons.append(Reason("review_lowers", {"level": level, "before": before.level}, "level"))
    return reasons


def working_days(since: date, until: date) -> int:
    """Days from Monday to Friday after ``since``, ``until`` included; holidays are not known here."""
    days = (until - since).days
    return sum((since + timedelta(days=n)).weekday() < WEEKEND for n in range(1, days + 1))


def is_overdue(received_on: date, today: date) -> bool:
    """Whether a hand-in has waited longer than people are promised."""
    return working_days(received_on, today) > WORKING_DAYS


def threshold(curriculum: Curriculum, competency: str) -> int | None:
    """The highest level that a certificate of the path asks of a competency; ``None`` when none does."""
    return max(
        (rule.thresholds[competency] for rule in curriculum.certificates if competency in rule.thresholds), default=None
    )
