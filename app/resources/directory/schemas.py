"""Queries, commands and read models of the directory."""

from datetime import date, datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field, StringConstraints

from app.network.schemas import RegionCode
from app.platform.paging import After, ListQuery
from app.platform.schema import Address, Code, Command, Line, Prose, Read, SearchText
from app.resources.directory.enums import Freshness, ResourceAct, ResourceActSort, ResourceKind, ResourceSort

NeedSlug = Annotated[Code, StringConstraints(pattern=r"^[a-z]+(-[a-z0-9]+)*$", max_length=60)]
Short = Annotated[Line, StringConstraints(max_length=200)]
Condition = Annotated[Prose, StringConstraints(max_length=500)]
Phone = Annotated[Line, StringConstraints(max_length=40)]
Email = Annotated[Address, StringConstraints(max_length=200)]
Link = Annotated[Address, StringConstraints(max_length=300)]


class ResourcesQuery(ListQuery):
    """The entries to show: those that answer the search best come first."""

    SORTS: ClassVar = ResourceSort
    tri: str = "reponse"
    sorte: ResourceKind | None = None
    region: RegionCode | None = None
    besoin: NeedSlug | None = None
    etat: Freshness | None = None


class ResourcesApiQuery(Command):
    """The entries to return, as many as ``limit`` after the one of id ``after``."""

    search: SearchText = ""
    resource_kind: ResourceKind | None = None
    region: RegionCode | None = None
    need: NeedSlug | None = None
    after: After = None


class ResourceContent(Command):
    """What an entry says. ``regions`` are left out where it serves all of Quebec; conditions are a programme's."""

    kind: ResourceKind
    name: Annotated[Line, StringConstraints(max_length=120)]
    verb: Annotated[Line, StringConstraints(max_length=40)]
    summary: Annotated[Prose, StringConstraints(max_length=600)]
    regions: Annotated[tuple[RegionCode, ...], Field(max_length=17)] = ()
    needs: Annotated[tuple[NeedSlug, ...], Field(max_length=30)] = ()
    address: Short | None = None
    phone: Phone | None = None
    email: Email | None = None
    website: Link | None = None
    eligibility: Condition | None = None
    expenses: Condition | None = None
    own_share: Short | None = None
    ceiling: Short | None = None
    deadline: Short | None = None
    source: Annotated[Line, StringConstraints(max_length=300)] | None = None
    consulted_on: date | None = None


class ChangedResourceForm(ResourceContent):
    """What an entry says as the form that changes it sends it, with the version that was read."""

    version: int

    @property
    def content(self) -> ResourceContent:
        """What the entry says."""
        return ResourceContent.model_validate(self.model_dump(exclude={"version"}))


class VerifyForm(Command):
    """The version of an entry that was verified."""

    version: int


class NewResourceForm(ResourceContent):
    """An entry as the form of a page sends it, with the college that will keep it up."""

    college_id: int

    @property
    def content(self) -> ResourceContent:
        """What the entry says."""
        return ResourceContent.model_validate(self.model_dump(exclude={"college_id"}))


class ResourceShown(Read):
    """An entry as everyone of the network reads it, with the college that keeps it up; commands accept it.

    ``is_stale``: nobody has verified it for more than a year. ``may_change``: its reader keeps it up. ``version`` is
    the ETag, without its quotes: a change names it in ``If-Match``.
    """

    id: int
    version: int
    college_id: int
    college: str
    kind: ResourceKind
    name: str
    verb: str
    summary: str
    regions: tuple[str, ...]
    needs: tuple[str, ...]
    address: str | None
    phone: str | None
    email: str | None
    website: str | None
    eligibility: str | None
    expenses: str | None
    own_share: str | None
    ceiling: str | None
    deadline: str | None
    source: str | None
    consulted_on: date | None
    verified_at: datetime
    retired_at: datetime | None
    is_stale: bool
    may_change: bool


class KeptResource(ResourceShown):
    """An entry that the actor keeps up."""


class ResourcePage(Read):
    """A page of entries, the best answers to the search first, and the needs that are heard in it.

    ``next`` is the ``after`` of the following page.
    """

    needs_heard: tuple[str, ...]
    items: tuple[ResourceShown, ...]
    next: int | None


class ResourceChangeShown(Read):
    """What someone did to an entry; ``before`` has the former value of each field that changed."""

    act: ResourceAct
    before: dict[str, Any]
    done_at: datetime
    done_by: str


class ResourceHistoryPage(Read):
    """A page of what was done to an entry, latest first; ``next`` is the ``after`` of the following page."""

    items: tuple[ResourceChangeShown, ...]
    next: int | None


class ResourceHistoryQuery(ListQuery):
    """What was done to an entry, as its page lists it."""

    SORTS: ClassVar = ResourceActSort
    tri: str = "-date"
