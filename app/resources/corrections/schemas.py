"""Queries, commands and read models of corrections."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import StringConstraints

from app.platform.paging import ListQuery
from app.platform.schema import Command, Line, Prose, Read
from app.resources.corrections.enums import CorrectionAbout, CorrectionSort, CorrectionState


class CorrectionsQuery(ListQuery):
    """The corrections to decide on, the oldest first."""

    SORTS: ClassVar = CorrectionSort
    tri: str = "date"


class NewCorrection(Command):
    """A correction to propose: what is wrong, what it should say, and how one knows."""

    about: CorrectionAbout
    value: Annotated[Prose, StringConstraints(max_length=600)] | None = None
    because: Annotated[Line, StringConstraints(max_length=300)]


class RefuseCorrection(Command):
    """Why a correction is not made; its author reads it."""

    answer: Annotated[Prose, StringConstraints(max_length=500)]


class CorrectionShown(Read):
    """A correction, as its author and whoever decides on it read it."""

    id: int
    resource_id: int
    resource: str
    about: CorrectionAbout
    value: str | None
    because: str
    proposed_at: datetime
    state: CorrectionState
    answer: str | None
    decided_at: datetime | None


class ListedCorrection(CorrectionShown):
    """A correction to decide on; ``present``: what the entry says today, ``author``: who proposes it."""

    college_id: int
    present: str | None
    author: str


class CorrectionPage(Read):
    """A page of corrections to decide on, the oldest first; ``next`` is the ``after`` of the following page."""

    items: tuple[ListedCorrection, ...]
    next: int | None
