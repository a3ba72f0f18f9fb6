"""What one's own file says: sessions, with minutes and roles, and their totals; nobody else but the facilitator."""

from datetime import date
from typing import Annotated

from pydantic import Field

from app.codev.own_file.enums import FileRole
from app.codev.own_file.rules import FilePeriod, RoleCount, period_of
from app.platform.schema import BlankIsNone, Command, Read

FIRST_YEAR, LAST_YEAR = 2000, 2199
Year = Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)]


class FileQuery(Command):
    """The period that the page shows: a calendar year, else from one day to another, else everything."""

    annee: Annotated[Year | None, BlankIsNone] = None
    du: Annotated[date | None, BlankIsNone] = None
    au: Annotated[date | None, BlankIsNone] = None

    @property
    def period(self) -> FilePeriod:
        """Return the period asked for."""
        return period_of(self.annee, self.du, self.au)


class FileSession(Read):
    """A session that counted, as someone took part in it; ``minutes`` include the breaks (BR-06)."""

    session_id: int
    on: date
    college: str
    path: str
    activity_code: str
    activity: str
    facilitator: str = Field(description="who led the session and closed its record")
    facilitated: bool = Field(description="whether the person led it themself")
    minutes: int
    roles: tuple[RoleCount, ...]


class FileYear(Read):
    """A calendar year: its sessions, the minutes as a member and as the facilitator."""

    year: int
    sessions: int
    member_minutes: int
    facilitated_minutes: int


class FileRoleTotal(Read):
    """A role: in how many sessions it was held, and in how many consultations."""

    role: FileRole
    sessions: int
    consultations: int


class FileModule(Read):
    """A codevelopment module of a path that the person followed or facilitated, with what it aims at."""

    path: str
    title: str
    outcomes: tuple[str, ...]


class CodevFile(Read):
    """One's own codevelopment over a period; no content, no group, no other member."""

    name: str
    since: date | None
    until: date | None
    made_on: date
    colleges: tuple[str, ...] = Field(description="those whose records it rests on, and who can attest to it")
    modules: tuple[FileModule, ...]
    sessions: tuple[FileSession, ...]
    years: tuple[FileYear, ...]
    roles: tuple[FileRoleTotal, ...]
    minutes: int
    all_years: tuple[int, ...] = Field(description="the years of every session, in the period or not, the last first")


class FileDocument(Read):
    """One's own file as a PDF."""

    name: str
    content: bytes
