"""Pure rules about letters that open something: how long their link serves, and what became of it."""

from datetime import datetime, timedelta
from enum import StrEnum

INVITATION_LASTS = timedelta(days=7)


class InvitationState(StrEnum):
    """What became of an invitation."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


def invitation_state(
    now: datetime, *, expires_at: datetime, used_at: datetime | None, withdrawn_at: datetime | None
) -> InvitationState:
    """What became of an invitation; what was done with it comes before its age."""
    if used_at is not None:
        return InvitationState.USED
    if withdrawn_at is not None:
        return InvitationState.WITHDRAWN
    return InvitationState.OPEN if now < expires_at else InvitationState.EXPIRED
