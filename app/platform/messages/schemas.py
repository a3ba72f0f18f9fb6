"""Read models of the delivery of e-mail messages: never their texts, and no whole address."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.platform.messages.rules import DeliveryReason, LetterState
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import Command, Read, SearchText


class DeliveryShown(Read):
    """Where a message stands.

    ``since``: when it was sent, refused or given up, else written. ``next_try`` is ``None`` unless it is tried again;
    ``reason`` and ``status`` (the mail server's codes, ``550 5.1.1``) say why the last try failed.
    """

    state: LetterState
    since: datetime
    next_try: datetime | None
    reason: DeliveryReason | None
    status: str


class LetterShown(Read):
    """A message as an administrator sees it; ``recipient`` is masked (``z…@alma.example.com``)."""

    id: int
    kind: str
    recipient: str
    created_at: datetime
    tries: int
    delivery: DeliveryShown


class LetterSort(StrEnum):
    """What the list of messages is sorted by."""

    WRITTEN = "ecriture"
    DUE = "echeance"


class LettersApiQuery(Command):
    """The messages to return, newest first; ``late``: those that should have left by now."""

    search: Annotated[
        SearchText,
        Field(description="Number of the letter, or an address or domain, of which the masked form is sought."),
    ] = ""
    delivery: LetterState | None = None
    letter_kind: Annotated[str, StringConstraints(max_length=40)] | None = None
    late: bool = False
    after: After = None
    limit: Limit = PAGE


class LettersQuery(ListQuery):
    """The messages to show in a list, newest first; ``retard``: those that should have left by now."""

    SORTS: ClassVar = LetterSort
    tri: str = "-ecriture"
    etat: LetterState | None = None
    sorte: Annotated[str, StringConstraints(max_length=40)] | None = None
    retard: bool = False
