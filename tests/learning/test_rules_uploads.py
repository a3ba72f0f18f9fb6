"""Rules of files sent in parts: where each part fits, how much may be under way, how long it is kept."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.learning.uploads.enums import UploadState
from app.learning.uploads.rules import LIFETIME, PART_BYTES, is_expired, part_reasons, room_reasons, state_of

AT = datetime(2026, 11, 26, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("received", "is_sound", "state"),
    [
        (0, False, UploadState.RECEIVING),
        (9, False, UploadState.RECEIVING),
        (10, True, UploadState.WHOLE),
        (10, False, UploadState.DAMAGED),
    ],
)
def test_upload_is_whole_once_all_of_it_is_what_was_declared(
    received: int,
    is_sound: bool,
    state: UploadState,
) -> None:
    assert state_of(size=10, received=received, is_sound=is_sound) is state


def test_upload_is_kept_for_a_day() -> None:
    assert not is_expired(AT, AT + LIFETIME - timedelta(seconds=1))
    assert is_expired(AT, AT + LIFETIME)


@pytest.mark.parametrize(
    ("others", "expected"), [(0, []), (90, []), (91, ["too_many_uploads"]), (500, ["too_many_uploads"])]
)
def test_ten_of_the_largest_files_may_be_under_way(others: int, expected: list[str]) -> None:
    assert [r.code for r in room_reasons(size=10, others=others, largest=10)] == expected


@given(
    size=st.integers(1, 3 * PART_BYTES), received=st.integers(0, 3 * PART_BYTES), length=st.integers(0, 2 * PART_BYTES)
)
def test_part_is_taken_when_it_has_bytes_and_ends_within_the_file(size: int, received: int, length: int) -> None:
    fits = 0 < length <= PART_BYTES and received + length <= size
    assert (part_reasons(length=length, received=received, size=size) == []) is fits
