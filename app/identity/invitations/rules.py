"""Pure rules about invitations: how long their link is valid, and their state."""

from datetime import datetime, timedelta
from enum import StrEnum

INVITATION_LIFETIME = timedelta(days=7)


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
