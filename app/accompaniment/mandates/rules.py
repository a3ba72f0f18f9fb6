"""Pure rules of accompaniment: the enterprise number, the order of a mandate's facts, what they amount to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.accompaniment.mandates.enums import MilestoneKind
from app.cohorts.enums import EnrolmentState
from app.platform.errors import Reason

ORDER = (MilestoneKind.AGREEMENT, MilestoneKind.DIAGNOSTIC, MilestoneKind.PLAN)
"""Each fact follows the one before it: no diagnostic without an agreement (BR-14)."""

MISSING = {MilestoneKind.AGREEMENT: "agreement_missing", MilestoneKind.DIAGNOSTIC: "diagnostic_missing"}
BEFORE = {MilestoneKind.AGREEMENT: "before_agreement", MilestoneKind.DIAGNOSTIC: "before_diagnostic"}
AFTER = {MilestoneKind.DIAGNOSTIC: "after_diagnostic", MilestoneKind.PLAN: "after_plan"}
"""What a date out of order breaks, by the other fact."""

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
"""States in which a mandate may be opened: whoever has been active, during the path or after (BR-18)."""


class Stage(StrEnum):
    """How far a mandate has come."""

    OPENED = "opened"
    AGREED = "agreed"
    DIAGNOSED = "diagnosed"
    PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A fact as someone states it."""

    kind: MilestoneKind
    happened_on: date
    confidentiality_clause: bool = False


def stage(dates: Mapping[MilestoneKind, date]) -> Stage:
    """The last fact reached, in order."""
    reached = {MilestoneKind.PLAN: Stage.PLANNED, MilestoneKind.DIAGNOSTIC: Stage.DIAGNOSED}
    reached[MilestoneKind.AGREEMENT] = Stage.AGREED
    return next((reached[kind] for kind in reversed(ORDER) if kind in dates), Stage.OPENED)


def accompanied(dates: Mapping[MilestoneKind, date]) -> bool:
    """Agreement, first diagnostic and action plan: the three facts (BR-15)."""
    return all(kind in dates for kind in ORDER)


def next_kind(dates: Mapping[MilestoneKind, date]) -> MilestoneKind | None:
    """The fact to come; ``None`` once all are there."""
    return next((kind for kind in ORDER if kind not in dates), None)


def milestone_reasons(new: Milestone, dates: Mapping[MilestoneKind, date], today: date) -> list[Reason]:
    """Why a fact cannot be recorded, or corrected when ``dates`` already holds one of its kind."""
    found = []
    if new.happened_on > today:
        found.append(Reason("date_to_come", field="happened_on"))
    if new.kind is MilestoneKind.AGREEMENT and not new.confidentiality_clause:
        found.append(Reason("confidentiality_clause_missing", field="confidentiality_clause"))
    return found + _order_reasons(new, dates)


def _order_reasons(new: Milestone, dates: Mapping[MilestoneKind, date]) -> list[Reason]:
    place = ORDER.index(new.kind)
    found = []
    for kind in ORDER[:place]:
        if kind not in dates:
            found.append(Reason(MISSING[kind], field="kind"))
        elif new.happened_on < dates[kind]:
            found.append(Reason(BEFORE[kind], {"on": dates[kind].isoformat()}, "happened_on"))
    for kind in ORDER[place + 1 :]:
        if kind in dates and new.happened_on > dates[kind]:
            found.append(Reason(AFTER[kind], {"on": dates[kind].isoformat()}, "happened_on"))
    return found[:1]


def opening_reasons(state: EnrolmentState, opened_on: date, today: date) -> list[Reason]:
    """Why someone may not have a mandate opened for them."""
    found = []
    if state not in ADVISING:
        found.append(Reason("not_advising", {"state": state.value}))
    if opened_on > today:
        found.append(Reason("date_to_come", field="opened_on"))
    return found
