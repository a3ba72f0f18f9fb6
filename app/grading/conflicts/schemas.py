"""Commands and read models of interests."""

from datetime import datetime
from typing import Annotated

from pydantic import StringConstraints

from app.accompaniment.enterprises.schemas import NeqTyped
from app.accompaniment.interests.enums import InterestKind
from app.platform.schema import BlankIsNone, Command, Line, Prose, Read

Vendor = Annotated[Line, StringConstraints(max_length=300)]
Detail = Annotated[Prose, StringConstraints(max_length=2000)]


class Declare(Command):
    """An interest for the present term; ``neq`` may hold spaces, and the detail is read by its author alone."""

    kind: InterestKind
    neq: Annotated[NeqTyped | None, BlankIsNone] = None
    about_id: Annotated[int | None, BlankIsNone] = None
    vendor: Annotated[Vendor | None, BlankIsNone] = None
    detail: Annotated[Detail | None, BlankIsNone] = None


class InterestShown(Read):
    """An interest, as its author reads it."""

    id: int
    term: str
    kind: InterestKind
    neq: str | None
    about: str | None
    vendor: str | None
    detail: str | None
    declared_at: datetime


class OwnInterests(Read):
    """One's own interests, latest first; ``is_declared`` when something was declared for the present term."""

    term: str
    is_declared: bool
    items: tuple[InterestShown, ...]


class DeclarantShown(Read):
    """Whether someone who judges or facilitates declared something for the term: that it exists, not what it is."""

    person_id: int
    name: str
    is_declared: bool
    interest_count: int


class DeclarantList(Read):
    """The people of a college who declare interests, by name."""

    term: str
    items: tuple[DeclarantShown, ...]


class VendorShown(Read):
    """What someone who trains a cohort sells."""

    name: str
    vendor: str


class VendorList(Read):
    """The vendors that the people who train a cohort declared."""

    items: tuple[VendorShown, ...]


class AllowAssessor(Command):
    """An exception for a facilitator, with its reason."""

    assessor_id: int
    reason: Annotated[Prose, StringConstraints(max_length=1000)]
