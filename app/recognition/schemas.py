"""Commands, queries and read models of recognition of prior learning. Moments are UTC."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.curricula.schemas import CompetencyCode
from app.platform.paging import PAGE, After, Limit, ListQuery
from app.platform.schema import BlankIsNone, Command, Line, Prose, Read
from app.recognition.enums import ClaimFilter, ClaimSort, ClaimState, CredentialType, StepKind
from app.recognition.rules import MOST_PIECES

LONGEST_TITLE = 200
LONGEST_STATEMENT = 4000
LONGEST_REASON = 2000

Name = Annotated[Line, StringConstraints(max_length=LONGEST_TITLE)]
Because = Annotated[Prose, StringConstraints(max_length=LONGEST_REASON)]
Level = Annotated[int, Field(ge=1, le=4)]


class NewPiece(Command):
    """A piece to deposit; a credential of another body has its type, its issuer and the day it was obtained."""

    title: Name
    credential_type: Annotated[CredentialType | None, BlankIsNone] = None
    issuer: Annotated[Name | None, BlankIsNone] = None
    obtained_on: Annotated[date | None, BlankIsNone] = None


class NewClaim(Command):
    """A level of a competency to claim, with what the person can show and the pieces of their dossier that do."""

    competency_code: CompetencyCode
    level: Level
    statement: Annotated[Prose, StringConstraints(max_length=LONGEST_STATEMENT)]
    pieces: tuple[int, ...] = Field(default=(), max_length=MOST_PIECES)
    supervisor: Annotated[Name | None, BlankIsNone] = None


class AskRecognitionReview(Command):
    """Ask that a refusal be reviewed by another specialist."""

    reason: Because


class NameSpecialist(Command):
    """Name who judges a claim, or who does in place of who was named."""

    specialist_id: int


class GiveRecognitionLevel(Command):
    """The level that the evidence shows, with the reason; without a level, it shows none."""

    level: Annotated[Level | None, BlankIsNone] = None
    reason: Because


class DecideRecognition(Command):
    """Whether the level that the specialist gave is recognised, with the reason."""

    granted: bool
    reason: Because


class ClaimRef(Read):
    """A claim that the actor was allowed to see; commands take it instead of an id."""

    id: int
    college_id: int
    enrolment_id: int
    person_id: int
    competency_code: str
    level: int


class PieceRef(Read):
    """A piece that the actor was allowed to see."""

    id: int
    person_id: int
    file_name: str | None
    file_type: str | None
    file_sha256: str | None


class PieceShown(Read):
    """A piece of a dossier."""

    id: int
    title: str
    credential_type: CredentialType | None
    issuer: str | None
    obtained_on: date | None
    file_name: str | None
    file_size: int | None = Field(description="bytes")
    deposited_at: datetime


class ClaimStep(Read):
    """A step of a claim; the person who claims reads a level and its reason once the claim is decided on."""

    kind: StepKind
    round: int
    specialist: str | None
    level: int | None
    reason: str | None
    recorded_at: datetime
    recorded_by: str


class ClaimRow(Read):
    """A claim in a list: whose, of what, how far, since when."""

    id: int
    college_id: int
    enrolment_id: int
    name: str
    cohort_title: str
    competency_code: str
    level: int
    state: ClaimState
    claimed_at: datetime


class ClaimShown(ClaimRow):
    """A claim with its pieces and its steps, oldest first; ``exempts`` are the activities that granting it exempts."""

    statement: str
    supervisor: str | None
    pieces: tuple[PieceShown, ...]
    steps: tuple[ClaimStep, ...]
    exempts: tuple[str, ...]


class DossierShown(Read):
    """What a person claims in a path: the pieces deposited once, the claims, and how many more may be recognised."""

    enrolment_id: int
    ceiling: int
    counted: int
    claimable: tuple[str, ...]
    pieces: tuple[PieceShown, ...]
    claims: tuple[ClaimShown, ...]


class ClaimPage(Read):
    """Claims, latest first; ``next`` is the cursor of the following page, ``None`` at the end."""

    items: tuple[ClaimRow, ...]
    next: int | None


class ClaimsQuery(ListQuery):
    """The claims to show in a list, oldest first; those that wait for somebody unless others are chosen."""

    SORTS: ClassVar = ClaimSort
    tri: str = "date"
    etat: ClaimFilter = ClaimFilter.OPEN


class ClaimsApiQuery(Command):
    """The claims to return, latest first."""

    open: bool | None = None
    after: After = None
    limit: Limit = PAGE
