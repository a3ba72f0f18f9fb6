"""Pure rules of uploads: what may be sent, where each part fits, and for how long an upload is kept."""

from datetime import datetime, timedelta

from app.learning.uploads.enums import UploadState
from app.platform.errors import Reason

LIFETIME = timedelta(days=1)
"""How long an upload is kept, finished or not."""
LARGEST_AT_ONCE = 10
"""How many of the largest files an enrolment may have under way, or finished within the lifetime."""
PART_BYTES = 1_000_000
"""Largest part."""


def state_of(*, size: int, received: int, is_sound: bool) -> UploadState:
    """Return the state of an upload; ``is_sound`` is known once all is received."""
    if received < size:
        return UploadState.RECEIVING
    return UploadState.WHOLE if is_sound else UploadState.DAMAGED


def is_expired(created_at: datetime, at: datetime) -> bool:
    """Whether an upload is no longer kept."""
    return created_at + LIFETIME <= at


def room_reasons(*, size: int, others: int, largest: int) -> list[Reason]:
    """Return why another upload is refused; ``others`` is the size of those that are kept, ``largest`` of one file."""
    if others + size <= LARGEST_AT_ONCE * largest:
        return []
    return [Reason("too_many_uploads", {"hours": LIFETIME // timedelta(hours=1)}, "file_size")]


def part_reasons(*, length: int, received: int, size: int) -> list[Reason]:
    """Return why a part is refused: it is empty, too large, or goes beyond the end of the file."""
    if length == 0:
        return [Reason("part_empty")]
    if length > PART_BYTES:
        return [Reason("part_too_large", {"bytes": PART_BYTES})]
    left = size - received
    return [Reason("part_beyond_the_end", {"left": left})] if length > left else []
