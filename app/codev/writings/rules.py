"""Pure rules of writings: when one may be written, and who writes a note of a consultation."""

from collections.abc import Collection
from datetime import datetime

from app.codev.sessions.enums import CodevRole
from app.codev.writings.enums import WritingKind
from app.platform.errors import Reason

WHOLE_SESSION = 0
"""The position of a writing that is about no consultation: a learning, or the group's own note."""
NOTE_WRITERS = frozenset({CodevRole.CLIENT, CodevRole.OBSERVER, CodevRole.NOTE_TAKER})
"""Whose notes of a consultation these are; the others listen and consult."""


def writing_reasons(kind: WritingKind, position: int, roles: Collection[CodevRole]) -> list[Reason]:
    """Return why a member with some roles in the consultation may not write it."""
    if position == WHOLE_SESSION:
        return []
    if kind is WritingKind.LEARNING:
        return [Reason("learning_of_a_session", field="position")]
    return [] if NOTE_WRITERS & set(roles) else [Reason("note_of_another", {"position": position}, "position")]


def time_reasons(starts_at: datetime, at: datetime, *, cancelled: bool) -> list[Reason]:
    """Return why nothing can be written of a session: it is cancelled, or has not begun."""
    if cancelled:
        return [Reason("writing_session_cancelled")]
    return [Reason("writing_before_session")] if at < starts_at else []
