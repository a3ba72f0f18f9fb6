"""Pure rule: what to do about a letter, given where it stands."""

from enum import StrEnum

from app.platform.messages.rules import OPEN_STATES, LetterState

INVITATIONS = frozenset({"invitation", "invitation_role", "invitation_roles"})
"""The kinds of letters that offer an account or a role."""
ASKED_FOR = frozenset({"reset", "address_change"})
"""The kinds of letters that a person asks for, with a link of an hour or a day."""


class Remedy(StrEnum):
    """What to do about a letter."""

    NONE = "none"
    """It was sent."""
    TRY_NOW = "try_now"
    """It waits for its next try, which may come at once."""
    INVITATION = "invitation"
    """Its invitation waits for an answer: correct the address, or send another link."""
    ANSWERED = "answered"
    """Its invitation was sent again, answered or withdrawn since, or the operator's command sent it."""
    ASK_AGAIN = "ask_again"
    """Its link is gone: the person asks for another one."""
    OWN_ADDRESS = "own_address"
    """It told the owner of an account something: they alone change its address."""


def remedy(kind: str, state: LetterState, *, is_invitation_open: bool) -> Remedy:
    """Return what to do about a letter; the text of one that was refused or given up is gone."""
    if state is LetterState.SENT:
        return Remedy.NONE
    if state in OPEN_STATES:
        return Remedy.TRY_NOW
    if kind in INVITATIONS:
        return Remedy.INVITATION if is_invitation_open else Remedy.ANSWERED
    return Remedy.ASK_AGAIN if kind in ASKED_FOR else Remedy.OWN_ADDRESS
