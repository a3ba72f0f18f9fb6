"""The separation of duties: what nobody does to themselves, which roles nobody gives, what needs a second person.

The tables below stand beside ``GRANTS`` (``permissions.py``): a role may hold a permission, and the person still not
use it on their own case. They hold for everyone, also where one person is coordinator and registrar: another person
of the college acts, or someone of another college to whom the administrator gives the role here.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Protocol, runtime_checkable

from app.platform.errors import Forbidden, Reason
from app.platform.security.permissions import P, Permission, Role

NOT_ON_ONESELF = frozenset(
    {
        P.ACCOUNT_SUSPEND,
        P.PEOPLE_MANAGE,
        P.PERSON_RENAME,
        P.ROLE_CONFIRM,
        P.COHORT_MANAGE,
        P.ENROLMENT_MANAGE,
        P.ENROLMENT_CONFIRM,
        P.TRANSFER_MANAGE,
        P.ROLLCALL_RECORD,
        P.HOURS_COUNTERSIGN,
        P.MANDATE_CONFIRM,
        P.CODEV_MANAGE,
        P.CODEV_RECORD,
        P.JUDGEMENT_MAKE,
        P.JUDGEMENT_ASSIGN,
        P.PANEL_MANAGE,
        P.PANEL_SIT,
        P.RECOGNITION_JUDGE,
        P.RECOGNITION_DECIDE,
        P.HOLD_MANAGE,
        P.CERTIFICATE_ISSUE,
        P.CERTIFICATE_CORRECT,
    }
)
"""The permissions that nobody uses on themselves: a write under one of them refuses to concern the one who acts.

``guards.SeenGuard`` refuses when the path names the actor's own record, ``separation.refuse_oneself`` when a row that
the transaction wrote is about them, wherever its person was named: in a body, in a list, in a whole cohort.
"""

ON_ONESELF = frozenset(
    {
        P.ME_READ,
        P.ME_MANAGE,
        P.SIGN_IN_FINISH,
        P.COHORT_APPLY,
        P.TRANSFER_CONSENT,
        P.ACTIVITY_DO,
        P.MANDATE_MANAGE,
        P.CODEV_TAKE_PART,
        P.CERTIFICATE_ANSWER,
        P.CONFIDENCE_WRITE,
        P.JOURNAL_KEEP,
        P.REVIEW_ASK,
        P.RECOGNITION_CLAIM,
        P.INTEREST_DECLARE,
    }
)
"""The permissions whose purpose is one's own case: someone else confirms what the funder counts (``SECOND_PERSON``)."""

GRANTABLE: dict[Role, frozenset[Role]] = {
    Role.COORDINATOR: frozenset({Role.PARTICIPANT, Role.TRAINER, Role.FACILITATOR}),
    Role.REGISTRAR: frozenset({Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR}),
    Role.ADMIN: frozenset({Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR, Role.REGISTRAR}),
}
"""The roles that each role gives: below it, and never to oneself. The role of administrator is given by no route."""


ABOUT_THINGS = frozenset(
    {
        P.NETWORK_MANAGE,
        P.VENUE_MANAGE,
        P.RESOURCE_PROPOSE,
        P.RESOURCE_MANAGE,
        P.SERVICE_OPERATE,
        P.SESSION_MANAGE,
        P.ENTERPRISE_MANAGE,
        P.DOCUMENT_SHARE,
    }
)
"""The permissions whose writes are about no person; a session whose roll records the actor is not cancelled by them."""


class Decision(StrEnum):
    """A decision that takes two people."""

    MILESTONE = "milestone"
    ROLE = "role"
    COMPLETION = "failure, completion without eligibility, or taken back"
    CERTIFICATE_AFTER_CAUSE = "certificate after a revocation for cause"
    RECOGNITION = "recognition of prior learning"


SECOND_PERSON: dict[Decision, Permission] = {
    Decision.MILESTONE: P.MANDATE_CONFIRM,
    Decision.ROLE: P.ROLE_CONFIRM,
    Decision.COMPLETION: P.ENROLMENT_CONFIRM,
    Decision.CERTIFICATE_AFTER_CAUSE: P.HOLD_MANAGE,
    Decision.RECOGNITION: P.RECOGNITION_DECIDE,
}
"""The permission of the second person, by decision: what the first one did has no effect until then."""


CONFIRMED_ROLES = frozenset({Role.REGISTRAR, Role.ADMIN})
"""The roles that someone gives and another administrator confirms; those that a command gives need nobody else."""


@runtime_checkable
class AboutPerson(Protocol):
    """An object that a guard loaded and that is about one person."""

    person_id: int


@runtime_checkable
class AboutPeople(Protocol):
    """An object that a guard loaded and that is about several people."""

    people: frozenset[int]


WAY_OUT = Reason("own_case_way_out")
"""Who may act instead, also where the college has one person for all its roles."""


def grantable_by(roles: Iterable[Role]) -> frozenset[Role]:
    """Return the roles that the holder of some roles may give to someone else."""
    return frozenset().union(*(GRANTABLE.get(role, frozenset()) for role in roles))


def second_person(actor_id: int, first_id: int | None) -> None:
    """Raise ``Forbidden("second_person_needed")`` when the one who confirms is the one who did or proposed it."""
    if actor_id == first_id:
        raise Forbidden("second_person_needed", WAY_OUT)


def own_case() -> Forbidden:
    """Return the refusal of an act on one's own case, with the way out."""
    return Forbidden("own_case", WAY_OUT)
