"""What to do about a letter, by its kind and where it stands."""

import pytest

from app.operations.letters.rules import Remedy, remedy
from app.platform.messages.rules import LetterState, mask

STOPPED = (LetterState.REFUSED, LetterState.GIVEN_UP)


@pytest.mark.parametrize("kind", ["invitation", "reset", "password_changed"])
def test_letter_sent_or_to_be_sent_has_the_same_remedy_whatever_its_kind(kind: str) -> None:
    for is_open in (True, False):
        assert remedy(kind, LetterState.SENT, is_invitation_open=is_open) is Remedy.NONE
        assert remedy(kind, LetterState.WAITING, is_invitation_open=is_open) is Remedy.TRY_NOW
        assert remedy(kind, LetterState.RETRYING, is_invitation_open=is_open) is Remedy.TRY_NOW


@pytest.mark.parametrize("state", STOPPED)
@pytest.mark.parametrize(
    ("kind", "is_open", "expected"),
    [
        ("invitation", True, Remedy.INVITATION),
        ("invitation_roles", True, Remedy.INVITATION),
        ("invitation_role", False, Remedy.ANSWERED),
        ("reset", False, Remedy.ASK_AGAIN),
        ("address_change", False, Remedy.ASK_AGAIN),
        ("password_changed", False, Remedy.OWN_ADDRESS),
        ("revocation_opened", False, Remedy.OWN_ADDRESS),
    ],
)
def test_letter_that_stopped_has_the_remedy_of_its_kind(
    state: LetterState, kind: str, is_open: bool, expected: Remedy
) -> None:
    assert remedy(kind, state, is_invitation_open=is_open) is expected


@pytest.mark.parametrize(
    ("address", "masked"),
    [("zoe@alma.example.com", "z…@alma.example.com"), ("é@b", "é…@b"), ("@alma.example.com", "…@alma.example.com")],
)
def test_mask_keeps_the_first_character_and_the_domain(address: str, masked: str) -> None:
    assert mask(address) == masked
