"""Pure rules of groups: size and members (BR-10)."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.cohorts.enums import EnrolmentState
from app.platform.errors import Reason

MIN_SIZE, MAX_SIZE = 4, 8
"""The members of a group. Below the first no session counts: a client and three consultants take part in each (S4)."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A person to add to a group; ``elsewhere`` when they belong to another group."""

    enrolment_id: int
    person_id: int
    cohort_id: int
    state: EnrolmentState
    elsewhere: bool = False


def group_reasons(
    candidates: Sequence[Candidate],
    *,
    cohort_id: int,
    facilitators: Collection[int],
    links: Iterable[tuple[int, int]],
    minimum: int = MIN_SIZE,
) -> list[Reason]:
    """Return why these people cannot form a group (BR-10): size, one cohort, active, one group each, peers only.

    ``facilitators`` and ``links`` (manager, managed) hold person ids. ``minimum`` is lower for someone who joins
    a group that departures have left too small.
    """
    field = "enrolment_ids"
    reasons = []
    if not minimum <= len(candidates) <= MAX_SIZE:
        reasons.append(Reason("group_size", {"min": MIN_SIZE, "max": MAX_SIZE, "size": len(candidates)}, field))
    person_ids: set[int] = set()
    for index, candidate in enumerate(candidates):
        code = _candidate_code(candidate, cohort_id, facilitators, person_ids)
        if code is not None:
            reasons.append(Reason(code, field=f"{field}.{index}"))
        person_ids.add(candidate.person_id)
    if any(manager in person_ids and managed in person_ids for manager, managed in links):
        reasons.append(Reason("management_link", field=field))
    return reasons


def _candidate_code(
    candidate: Candidate, cohort_id: int, facilitators: Collection[int], earlier: Collection[int]
) -> str | None:
    """Return the first reason's code against one person; ``earlier`` holds the people before them in the list."""
    checks = (
        ("not_of_the_cohort", candidate.cohort_id != cohort_id),
        ("member_not_active", candidate.state is not EnrolmentState.ACTIVE),
        ("twice_in_the_group", candidate.person_id in earlier),
        ("in_another_group", candidate.elsewhere),
        ("facilitator_is_member", candidate.person_id in facilitators),
    )
    return next((code for code, is_wrong in checks if is_wrong), None)
