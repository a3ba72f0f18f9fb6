"""Commands, form and read models of mandates and their milestones."""

from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.schemas import EnterpriseShown, NeqTyped, NewEnterprise
from app.accompaniment.mandates.enums import MandateSort, MilestoneKind
from app.accompaniment.mandates.rules import Stage
from app.curricula.enums import MandateKind
from app.platform.paging import ListQuery
from app.platform.schema import BlankIsNone, Command, Line, Read


class NewMandate(Command):
    """A mandate to open, in exactly one of: an enterprise by id, one of the college by NEQ, a new one."""

    kind: MandateKind
    title: Line
    opened_on: date | None = Field(default=None, description="today when left out")
    enterprise_id: int | None = None
    neq: NeqTyped | None = None
    enterprise: NewEnterprise | None = None
    also_enrolments: Annotated[tuple[int, ...], Field(max_length=10)] = Field(
        default=(), description="enrolments of other advisors on the same mandate"
    )


class NewMandateForm(Command):
    """A mandate as the page's form sends it: a name makes a new enterprise, an NEQ alone finds an existing one."""

    enrolment_id: int
    kind: MandateKind
    title: Line
    opened_on: Annotated[date | None, BlankIsNone] = None
    enterprise_id: Annotated[int | None, BlankIsNone] = None
    neq: Annotated[NeqTyped | None, BlankIsNone] = None
    name: Annotated[Line | None, BlankIsNone] = None
    sector: Annotated[str | None, BlankIsNone] = None
    size: Annotated[EnterpriseSize | None, BlankIsNone] = None
    region_code: Annotated[str | None, BlankIsNone] = None

    @property
    def command(self) -> NewMandate:
        """Return the command for the service; raise pydantic's ``ValidationError`` for an incomplete new enterprise."""
        shared: dict[str, object] = self.model_dump(include={"kind", "title", "opened_on"})
        if self.name:
            fields = self.model_dump(include={"name", "neq", "sector", "size", "region_code"})
            shared["enterprise"] = {k: v for k, v in fields.items() if v is not None}
        elif self.neq:
            shared["neq"] = self.neq
        else:
            shared["enterprise_id"] = self.enterprise_id
        return NewMandate.model_validate(shared)


class MilestoneCommand(Command):
    """A milestone to record; a correction names the one it supersedes."""

    kind: MilestoneKind
    happened_on: date
    confidentiality_clause: bool = False
    supersedes: int | None = None


class MandateRef(Read):
    """A mandate that the actor may see; commands accept it."""

    id: int
    college_id: int
    enterprise_id: int
    project_id: int
    kind: MandateKind
    title: str
    opened_on: date


class MandateRow(Read):
    """A mandate in a list."""

    id: int
    college_id: int
    enterprise: str
    kind: MandateKind
    title: str
    opened_on: date
    advisors: str
    stage: Stage
    agreement_on: date | None
    diagnostic_on: date | None
    plan_on: date | None


class MandatesQuery(ListQuery):
    """The mandates to show in a list, newest first; two fields choose what the form of a new one begins with."""

    SORTS: ClassVar = MandateSort
    NO_FILTERS: ClassVar = frozenset({"inscription", "entreprise"})
    tri: str = "-ouverture"
    etape: Stage | None = None
    inscription: int | None = None
    entreprise: int | None = None


class MandatePage(Read):
    """A page of mandates, newest first; ``next`` is the ``after`` of the following page."""

    items: tuple[MandateRow, ...]
    next: int | None


class AdvisorShown(Read):
    """An advisor on a mandate."""

    person_id: int
    name: str
    enrolment_id: int | None


class MilestoneShown(Read):
    """A milestone in force, with who recorded it and who confirmed it.

    ``confirmed_by`` is ``None`` too for one that was recorded before confirmations existed.
    """

    id: int
    kind: MilestoneKind
    happened_on: date
    confidentiality_clause: bool
    recorded_by: str
    recorded_by_id: int
    corrected: bool
    is_confirmed: bool = Field(description="only what a second person confirmed counts (BR-15)")
    confirmed_by: str | None
    confirmed_at: datetime | None


class MandateShown(MandateRef):
    """A mandate with its enterprise, advisors and milestones."""

    enterprise: EnterpriseShown
    advisors: tuple[AdvisorShown, ...]
    milestones: tuple[MilestoneShown, ...]
    stage: Stage
    accompanied: bool = Field(description="agreement, diagnostic and action plan are all confirmed (BR-15)")
    next_kind: MilestoneKind | None


class MandateChoice(Read):
    """A mandate that hours may be declared under."""

    id: int
    enterprise: str
    title: str


class AdvisorChoice(Read):
    """An enrolment for which a mandate may be opened."""

    enrolment_id: int
    college_id: int
    name: str
    cohort: str


class Accompanied(Read):
    """Number of distinct enterprises that a college has accompanied (BR-15)."""

    college_id: int
    enterprises: int
