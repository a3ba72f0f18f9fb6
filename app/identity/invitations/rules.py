"""Pure rules about invitations: how long their link is valid, their state, and what they offer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.platform.security.permissions import Role

INVITATION_LIFETIME = timedelta(days=7)
FIRST_LINK_LIFETIME = timedelta(hours=1)
"""How long the link of the first administrator is valid: it is printed, and whoever reads the terminal may use it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A role offered, and the college, cohort or project where it is offered; no role: the right to apply."""

    role: Role | None
    college_id: int | None = None
    cohort_id: int | None = None
    project_id: int | None = None


class InvitationState(StrEnum):
    """The state of an invitation."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


def invitation_state(
    now: datetime, *, expires_at: datetime, used_at: datetime | None, withdrawn_at: datetime | None
) -> InvitationState:
    """Return the state of an invitation; its use or withdrawal comes before its expiry."""
    if used_at is not None:
        return InvitationState.USED
    if withdrawn_at is not None:
        return InvitationState.WITHDRAWN
    return InvitationState.OPEN if now < expires_at else InvitationState.EXPIRED
