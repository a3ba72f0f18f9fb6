"""Pure rules of codevelopment groups: who may form one, roles, and the rotation of the client role.

Rules of a session's record are in ``rules_record.py``. Sources: BR-10, S4.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from app.cohorts.enums import EnrolmentState
from app.platform.errors import Reason

MIN_SIZE, MAX_SIZE = 4, 8


# Groups -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """Someone to place in a group; ``elsewhere`` when another group already has them."""

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
    """Why these people cannot form a group (BR-10): size, one cohort, active, one group each, peers only.

    ``facilitators`` and ``links`` (manager, managed) hold person ids. ``minimum`` is lower for a group that
    departures have left too small and that someone joins.
    """
    field = "enrolment_ids"
    found = []
    if not minimum <= len(candidates) <= MAX_SIZE:
        found.append(Reason("group_size", {"min": MIN_SIZE, "max": MAX_SIZE, "size": len(candidates)}, field))
    seen: set[int] = set()
    for place, candidate in enumerate(candidates):
        code = _candidate_code(candidate, cohort_id, facilitators, seen)
        if code is not None:
            found.append(Reason(code, field=f"{field}.{place}"))
        seen.add(candidate.person_id)
    if any(manager in seen and managed in seen for manager, managed in links):
        found.append(Reason("management_link", field=field))
    return found


def _candidate_code(
    candidate: Candidate, cohort_id: int, facilitators: Collection[int], seen: Collection[int]
) -> str | None:
    """What keeps one person out, the plainest first."""
    checks = (
        ("not_of_the_cohort", candidate.cohort_id != cohort_id),
        ("member_not_active", candidate.state is not EnrolmentState.ACTIVE),
        ("twice_in_the_group", candidate.person_id in seen),
        ("in_another_group", candidate.elsewhere),
        ("facilitator_is_member", candidate.person_id in facilitators),
    )
    return next((code for code, wrong in checks if wrong), None)
