"""Pure rules of judgements: when a level may be awarded, on which evidence, and by whom.

Sources: BR-12, BR-13, S5, S6.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import partial

from app.cohorts.enums import EnrolmentState
from app.curricula.enums import ActivityType
from app.curricula.schemas import Competency, Curriculum, Module
from app.grading.enums import EvidenceKind
from app.grading.schemas import CriterionLevel, CriterionText, EvidenceRef, JudgementShown
from app.platform.errors import Reason
from app.platform.working_days import working_days

RUNNING = frozenset({EnrolmentState.ACTIVE, EnrolmentState.COMPLETED})
"""States in which someone may be judged; a mandate may still be judged after completion (BR-18)."""

MASTERY = 3
"""From this level on, every criterion is met (see :func:`level_reasons`)."""

CODEV_COMPETENCY = "CN-11"
"""*Apprendre par le codéveloppement*, not judged by a facilitator, who heard confidences in the group (S6)."""

WORKING_DAYS = 10
"""Number of working days within which a hand-in is judged."""


def assessor_reasons(
    *, assessor: int, participant: int, competency: str, facilitates: bool, declared: bool = False, substitute: str = ""
) -> list[Reason]:
    """Return why the assessor may not judge the participant (BR-13).

    Nobody judges themselves, nor CN-11 of the members of a codev group that they facilitate, nor work that an interest
    they declared concerns: ``substitute`` may instead (S6).
    """
    reasons = []
    if assessor == participant:
        reasons.append(Reason("own_judgement"))
    if facilitates and competency == CODEV_COMPETENCY:
        reasons.append(Reason("facilitator_of_group", {"competency": competency}, "competency_code"))
    if declared:
        code = "conflict_declared" if substitute else "conflict_no_substitute"
        reasons.append(Reason(code, {"substitute": substitute} if substitute else {}))
    return reasons


def level_reasons(
    competency: Competency,
    level: int,
    criteria_met: Sequence[str],
    cells: Sequence[CriterionLevel] = (),
    feedback: Sequence[CriterionText] = (),
) -> list[Reason]:
    """Return why the criteria do not allow the level: those met or, where there is a grid, the cells ticked."""
    known = [criterion.code for criterion in competency.criteria]
    reasons = [
        *_unknown_reasons(competency, [cell.criterion for cell in cells], "criteria_levels.{}.criterion"),
        *_unknown_reasons(competency, [said.criterion for said in feedback], "criteria_feedback.{}.criterion"),
    ]
    if not competency.has_grid:
        if cells:
            reasons.append(Reason("no_grid", {"competency": competency.code}, "criteria_levels"))
        return reasons + _met_reasons(competency, level, criteria_met)
    if not cells:
        return [*reasons, Reason("criterion_needed", {"competency": competency.code}, "criteria_levels")]
    reasons += _unknown_reasons(competency, criteria_met, "criteria_met.{}")
    reached = highest_cells(cells)
    below = [code for code in known if reached.get(code, 0) < level]
    if below:
        reasons.append(
            Reason("criteria_below", {"level": level, "criteria": ", ".join(below), "n": len(below)}, "level")
        )
    return reasons


def highest_cells(cells: Sequence[CriterionLevel]) -> dict[str, int]:
    """Return the highest level ticked of each criterion."""
    reached: dict[str, int] = {}
    for cell in cells:
        reached[cell.criterion] = max(cell.level, reached.get(cell.criterion, 0))
    return reached


def cell_levels(cells: Iterable[str]) -> tuple[CriterionLevel, ...]:
    """Return the highest level ticked of each criterion, of cells as a form sends them."""
    pairs = (cell.rsplit(":", 1) for cell in cells)
    reached = highest_cells([CriterionLevel(criterion=code, level=int(level)) for code, level in pairs])
    return tuple(CriterionLevel(criterion=code, level=level) for code, level in reached.items())


def _unknown_reasons(competency: Competency, codes: Sequence[str], field: str) -> list[Reason]:
    known = {criterion.code for criterion in competency.criteria}
    return [
        Reason("criterion_unknown", {"criterion": code, "competency": competency.code}, field.format(index))
        for index, code in enumerate(codes)
        if code not in known
    ]


def _met_reasons(competency: Competency, level: int, criteria_met: Sequence[str]) -> list[Reason]:
    """Return why the criteria met do not allow the level, where the framework has no grid.

    Level *n* needs all criteria met at that level. The framework states its criteria once per
    competency, as a mastered performance; the descriptions of levels 1 and 2 contradict them ("names a
    few actors", "prompted if needed"). So all of them are needed from level 3 on, and below, those that
    are met are only noted; but no level is awarded without any, as it would rest on nothing.
    """
    criteria = [criterion.code for criterion in competency.criteria]
    if not criteria_met:
        return [Reason("criterion_needed", {"competency": competency.code}, "criteria_met")]
    reasons = _unknown_reasons(competency, criteria_met, "criteria_met.{}")
    missing = [code for code in criteria if code not in criteria_met]
    if level >= MASTERY and missing:
        reasons.append(
            Reason("criteria_missing", {"level": level, "criteria": ", ".join(missing), "n": len(missing)}, "level")
        )
    return reasons


def proposed_level(competency: Competency, met: int) -> int | None:
    """Return the level that so many criteria met propose, which the assessor decides; none proposes none.

    All of them: mastery. At least half of them: level 2. Fewer: level 1. Level 4 is never proposed.
    """
    total = len(competency.criteria)
    if met == 0:
        return None
    if met >= total:
        return MASTERY
    return MASTERY - 1 if 2 * met >= total else 1


def proposed_by_cells(competency: Competency, cells: Sequence[CriterionLevel]) -> int | None:
    """Return the level that the cells of a grid propose: the lowest of the criteria, none while one is not seen."""
    reached = highest_cells(cells)
    levels = [reached.get(criterion.code, 0) for criterion in competency.criteria]
    return min(levels) or None


def proposed(competency: Competency, criteria_met: Sequence[str], cells: Sequence[CriterionLevel]) -> int | None:
    """Return the level that what is ticked proposes: cells where the competency has a grid, else criteria met."""
    if competency.has_grid:
        return proposed_by_cells(competency, cells)
    return proposed_level(competency, len(set(criteria_met)))


def proposals(competency: Competency) -> list[tuple[int, int]]:
    """Return each number of criteria met with the level that it proposes."""
    counts = range(1, len(competency.criteria) + 1)
    return [(met, level) for met in counts if (level := proposed_level(competency, met)) is not None]


def decision_reasons(
    competency: Competency,
    level: int,
    criteria_met: Sequence[str],
    comment: str | None,
    cells: Sequence[CriterionLevel] = (),
) -> list[Reason]:
    """Return why the level decided needs a comment: it is not the one that the criteria propose."""
    by_criteria = proposed(competency, criteria_met, cells)
    if comment or by_criteria is None or level == by_criteria:
        return []
    is_refused_anyway = level > by_criteria if competency.has_grid else level >= MASTERY > by_criteria
    return [] if is_refused_anyway else [Reason("comment_needed", {"level": level, "proposed": by_criteria}, "comment")]


def assessed_by(curriculum: Curriculum, kind: EvidenceKind, activity_code: str | None) -> tuple[str, ...]:
    """Return the competencies that a piece of evidence may show in this version of the path.

    A hand-in and a session show what the module of their activity assesses. A mandate, which belongs to no activity,
    shows what the modules with field work assess. Sessions of codevelopment are nobody's evidence: what it assesses is
    shown by what a member chooses to hand in, an extract there or a work of any activity.
    """
    by_type = partial(_modules_with, curriculum)
    if kind is EvidenceKind.MANDATE:
        modules = by_type(ActivityType.field_mandate)
    elif (
        activity_code is None or activity_code not in curriculum.placed or curriculum.activity(activity_code).formative
    ):
        modules = []
    elif kind is EvidenceKind.HAND_IN:
        modules = [curriculum.module_of(activity_code), *by_type(ActivityType.codev)]
    elif curriculum.activity(activity_code).type is ActivityType.codev:
        modules = []
    else:
        modules = [curriculum.module_of(activity_code)]
    return tuple(dict.fromkeys(target.competency for module in modules for target in module.assesses))


def _modules_with(curriculum: Curriculum, kind: ActivityType) -> list[Module]:
    return [module for module in curriculum.modules if any(a.type is kind for a in module.activities)]


def evidence_reasons(
    curriculum: Curriculum,
    competency: str,
    named: Sequence[EvidenceRef],
    own: Mapping[EvidenceRef, str | None],
) -> list[Reason]:
    """Return why the evidence named is not accepted (BR-12): at least one, all of the enrolment and the competency.

    ``own`` are the pieces of the enrolment, with the activity of each; a mandate has none.
    """
    if not named:
        return [Reason("evidence_needed", field="evidence")]
    return [
        reason for index, ref in enumerate(named) for reason in _piece_reasons(curriculum, competency, ref, own, index)
    ]


def _piece_reasons(
    curriculum: Curriculum, competency: str, ref: EvidenceRef, own: Mapping[EvidenceRef, str | None], index: int
) -> list[Reason]:
    field = f"evidence.{index}"
    if ref not in own:
        return [Reason("evidence_unknown", {"kind": ref.kind.value, "id": ref.id}, field)]
    shows = assessed_by(curriculum, ref.kind, own[ref])
    if competency in shows:
        return []
    params = {"competency": competency, "activity": own[ref] or "", "assessed": ", ".join(shows)}
    code = "mandate_of_other_competency" if ref.kind is EvidenceKind.MANDATE else "evidence_of_other_competency"
    return [Reason(code if shows else "codev_by_choice", params, field)]


def activity_reasons(curriculum: Curriculum, code: str | None, competency: str) -> list[Reason]:
    """Return why an activity cannot be named (BR-12).

    It is unknown, or formative, which gives feedback and no level, or its module does not assess the competency.
    """
    if code is None:
        return []
    if code not in curriculum.placed:
        return [Reason("activity_unknown", {"activity": code}, "activity_code")]
    if curriculum.activity(code).formative:
        return [Reason("activity_formative", {"activity": code}, "activity_code")]
    assessed = [target.competency for target in curriculum.module_of(code).assesses]
    if competency not in assessed:
        params = {"activity": code, "competency": competency, "assessed": ", ".join(assessed)}
        return [Reason("activity_of_other_competency", params, "activity_code")]
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


def is_overdue(received_on: date, today: date) -> bool:
    """Whether a hand-in has waited for more than ``WORKING_DAYS``."""
    return working_days(received_on, today) > WORKING_DAYS


def late_since(today: date) -> date:
    """Return the last day of receipt of the hand-ins that have waited for more than ``WORKING_DAYS``."""
    day = today
    while not is_overdue(day, today):
        day -= timedelta(days=1)
    return day


def threshold(curriculum: Curriculum, competency: str) -> int | None:
    """Return the highest level that a certificate of the path requires of a competency, or ``None``."""
    return max(
        (rule.thresholds[competency] for rule in curriculum.certificates if competency in rule.thresholds), default=None
    )
