"""Rules of preparation sheets, and the encryption of a group's texts: no database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.codev.confidences.cipher import binding, decrypt, encrypt, new_key
from app.codev.confidences.enums import ConfidenceKind
from app.codev.sheets.rules import due_on, is_late, sheet_reasons
from app.platform.errors import Unavailable

EVENING = datetime(2026, 12, 4, 0, 30, tzinfo=UTC)
"""Half past seven in the evening of December 3 in Quebec."""
ZONE = "America/Toronto"


def test_sheet_is_due_on_the_eve_where_the_session_takes_place() -> None:
    assert due_on(EVENING, ZONE) == date(2026, 12, 2)
    assert due_on(EVENING, "Europe/Paris") == date(2026, 12, 3)


def test_sheet_of_the_eve_is_in_time_and_one_of_the_day_is_late() -> None:
    last = datetime(2026, 12, 3, 4, 59, tzinfo=UTC)  # a minute before midnight of the eve
    assert not is_late(last, EVENING, ZONE)
    assert is_late(last + timedelta(minutes=1), EVENING, ZONE)


def test_sheet_is_taken_until_the_session_begins_or_is_cancelled() -> None:
    before = EVENING - timedelta(seconds=1)
    assert sheet_reasons(EVENING, before, cancelled=False) == []
    assert [r.code for r in sheet_reasons(EVENING, EVENING, cancelled=False)] == ["sheet_session_begun"]
    assert [r.code for r in sheet_reasons(EVENING, before, cancelled=True)] == ["sheet_session_cancelled"]


def test_text_encrypted_twice_differs_and_decrypts_to_itself() -> None:
    key, bound = new_key(), binding(1, ConfidenceKind.SHEET, 7)
    one, other = (encrypt(key, "Ça reste entre nous.", bound=bound) for _ in range(2))
    assert one != other
    assert {decrypt(key, text, bound=bound) for text in (one, other)} == {"Ça reste entre nous."}


@pytest.mark.parametrize(
    "elsewhere",
    [
        binding(2, ConfidenceKind.SHEET, 7),
        binding(1, ConfidenceKind.JOURNAL, 7),
        binding(1, ConfidenceKind.SHEET, 8),
    ],
)
def test_text_of_another_group_kind_or_row_does_not_decrypt(elsewhere: bytes) -> None:
    key = new_key()
    text = encrypt(key, "Ça reste entre nous.", bound=binding(1, ConfidenceKind.SHEET, 7))
    with pytest.raises(Unavailable):
        decrypt(key, text, bound=elsewhere)


@pytest.mark.parametrize("altered", ["", "AAAA", "é", "A" * 80])
def test_altered_text_does_not_decrypt(altered: str) -> None:
    with pytest.raises(Unavailable):
        decrypt(new_key(), altered, bound=b"")


def test_key_of_another_group_does_not_decrypt() -> None:
    bound = binding(1, ConfidenceKind.SHEET, 7)
    with pytest.raises(Unavailable):
        decrypt(new_key(), encrypt(new_key(), "Ça reste entre nous.", bound=bound), bound=bound)
