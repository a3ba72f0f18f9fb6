"""The access log of a person's file, as the person reads it."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from app.platform.audit.enums import Part
from app.platform.paging import PAGE, Limit, ListQuery
from app.platform.schema import Command, Read
from app.platform.security.permissions import Role


class ViewShown(Read):
    """One access to the file: who, in which role, what, when, in which college."""

    id: int
    at: datetime
    viewer: str
    role: Role | None
    what: Part
    college: str
    timezone: str


class ViewsPage(Read):
    """A page of accesses, newest first; ``next`` is the cursor of the earlier ones, ``None`` at the end."""

    items: tuple[ViewShown, ...]
    next: int | None


class ViewsQuery(Command):
    """Which accesses: those before a cursor."""

    after: Annotated[int | None, Field(ge=1, le=2**63 - 1)] = None
    limit: Limit = PAGE


class ViewSort(StrEnum):
    """What the list of accesses is sorted by."""

    MOMENT = "date"


class ViewListQuery(ListQuery):
    """The accesses to show in a list, newest first; the search looks at the names of those who looked."""

    SORTS: ClassVar = ViewSort
    tri: str = "-date"
    quoi: Part | None = None
