"""Read models of the letters, for whoever operates the service."""

from app.operations.letters.rules import Remedy
from app.platform.messages.schemas import LetterShown
from app.platform.schema import Read


class OperatedLetter(LetterShown):
    """A letter with what to do about it, which commands accept; never its subject or text.

    ``college_id`` and ``invitation_id`` name its invitation, where one waits for an answer.
    """

    remedy: Remedy
    college_id: int | None
    invitation_id: int | None


class OperatedLetters(Read):
    """Letters, newest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[OperatedLetter, ...]
    next: int | None
