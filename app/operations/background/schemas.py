"""Queries and read models of background jobs."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from app.platform.paging import ListQuery
from app.platform.schema import Read


class FailedJobShown(Read):
    """A job that was tried too often, which commands accept; ``row_id`` is the row that it works on."""

    id: int
    name: str
    row_id: int | None
    attempts: int
    error: str
    at: datetime | None


class FailedJobs(Read):
    """The jobs that were tried too often, newest first, as many as a page shows."""

    items: tuple[FailedJobShown, ...]


class FailedJobSort(StrEnum):
    """What the list of failed jobs is sorted by."""

    FAILED = "echec"
    NAME = "travail"


class FailedJobsQuery(ListQuery):
    """The failed jobs to show, newest first; the search looks at their names and errors."""

    SORTS: ClassVar = FailedJobSort
    tri: str = "-echec"
