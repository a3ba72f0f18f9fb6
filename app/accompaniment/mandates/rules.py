"""Pure rules of mandates: who may open one, the order of milestones, and the stage they give (BR-14, BR-15, BR-18)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.accompaniment.mandates.enums import MilestoneKind
from app.cohorts.enums import EnrolmentState
from app.platform.errors import Reason

ORDER = (MilestoneKind.AGREEMENT, MilestoneKind.DIAGNOSTIC, MilestoneKind.PLAN)
"""Each milestone follows the one before it: no diagnostic without an agreement (BR-14)."""

MISSING = {MilestoneKind.AGREEMENT: "agreement_missing", MilestoneKind.DIAGNOSTIC: "diagnostic_missing"}
BEFORE = {MilestoneKind.AGREEMENT: "before_agreement", MilestoneKind.DIAGNOSTIC: "before_diagnostic"}
AFTER = {MilestoneKind.DIAGNOSTIC: "after_diagnostic", MilestoneKind.PLAN: "after_plan"}
"""Codes of the reasons for a date out of order, by the other milestone."""

ADVISING = frozenset(
    {
        EnrolmentState.ACTIVE,
        EnrolmentState.ON_LEAVE,
        EnrolmentState.COMPLETED,
        EnrolmentState.INCOMPLETE,
        EnrolmentState.FAILED,
        EnrolmentState.WITHDRAWN,
        EnrolmentState.TRANSFERRED,
    }
)
"""States in which a mandate may be opened: those that follow activity, during the path or after (BR-18)."""


class Stage(StrEnum):
    """Last milestone reached by a mandate."""

    OPENED = "opened"
    AGREED = "agreed"
    DIAGNOSED = "diagnosed"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A milestone to record."""

    kind: MilestoneKind
    happened_on: date
    confidentiality_clause: bool = False


def stage_of(dates: Mapping[MilestoneKind, date]) -> Stage:
    """Return the stage given by the last milestone reached."""
    stages = {MilestoneKind.PLAN: Stage.PLANNED, MilestoneKind.DIAGNOSTIC: Stage.DIAGNOSED}
    stages[MilestoneKind.AGREEMENT] = Stage.AGREED
    return next((stages[kind] for kind in reversed(ORDER) if kind in dates), Stage.OPENED)


def is_accompanied(dates: Mapping[MilestoneKind, date]) -> bool:
    """Whether agreement, first diagnostic and action plan are all recorded (BR-15)."""
    return all(kind in dates for kind in ORDER)


def next_kind(dates: Mapping[MilestoneKind, date]) -> MilestoneKind | None:
    """Return the kind of the next milestone; ``None`` once all are recorded."""
    return next((kind for kind in ORDER if kind not in dates), None)


def milestone_reasons(new: Milestone, dates: Mapping[MilestoneKind, date], today: date) -> list[Reason]:
    """Return why a milestone cannot be recorded, or corrected when ``dates`` already holds its kind."""
    reasons = []
    if new.happened_on > today:
        reasons.append(Reason("date_to_come", field="happened_on"))
    if new.kind is MilestoneKind.AGREEMENT and not new.confidentiality_clause:
        reasons.append(Reason("confidentiality_clause_missing", field="confidentiality_clause"))
    return reasons + _order_reasons(new, dates)


def _order_reasons(new: Milestone, dates: Mapping[MilestoneKind, date]) -> list[Reason]:
    position = ORDER.index(new.kind)
    reasons = []
    for kind in ORDER[:position]:
        if kind not in dates:
            reasons.append(Reason(MISSING[kind], field="kind"))
        elif new.happened_on < dates[kind]:
            reasons.append(Reason(BEFORE[kind], {"on": dates[kind].isoformat()}, "happened_on"))
    for kind in ORDER[position + 1 :]:
        if kind in dates and new.happened_on > dates[kind]:
            reasons.append(Reason(AFTER[kind], {"on": dates[kind].isoformat()}, "happened_on"))
    return reasons[:1]


def opening_reasons(state: EnrolmentState, opened_on: date, today: date) -> list[Reason]:
    """Return why a mandate may not be opened for an enrolment in this state, on this day."""
    reasons = []
    if state not in ADVISING:
        reasons.append(Reason("not_advising", {"state": state.value}))
    if opened_on > today:
        reasons.append(Reason("date_to_come", field="opened_on"))
    return reasons
