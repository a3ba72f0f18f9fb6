"""The models of the files in ``curricula/codeveloppement/``: frozen values, as those of curricula."""

from typing import Annotated

from pydantic import Field

from app.codev.protocols.enums import SessionPart, Speaker, Variant
from app.curricula.schemas import Frozen, Localized, Slug, Version

StepMinutes = Annotated[int, Field(strict=True, ge=0, le=120)]


class Clause(Frozen):
    """A clause of a contract."""

    code: Slug = Field(description="Stable name of the clause, e.g. confidentialite")
    title: Localized = Field(description="What the clause is about")
    text: Localized = Field(description="What each person agrees to")


class Contract(Frozen):
    """A version of the contract of a codevelopment group; immutable once published (BR-01)."""

    version: Version = Field(description='Version, between quotes, e.g. "1.0"; the file\'s name')
    title: Localized = Field(description="Title of the contract")
    preamble: Localized = Field(description="Whom it binds, and when it is agreed to")
    clauses: tuple[Clause, ...] = Field(min_length=1, description="Clauses, in reading order")


class Step(Frozen):
    """A step of a consultation; what the facilitator says may be read aloud as it stands."""

    code: Slug = Field(description="Stable name of the step, e.g. clarification")
    title: Localized = Field(description="Name of the step")
    minutes: StepMinutes = Field(description="Planned minutes")
    min: StepMinutes = Field(description="Fewest minutes that keep its sense")
    max: StepMinutes = Field(description="Most minutes")
    speaks: Speaker = Field(description="Who speaks")
    purpose: Localized = Field(description="What the step is for")
    facilitator: tuple[Localized, ...] = Field(min_length=1, description="What the facilitator says, read aloud")
    client: tuple[Localized, ...] = Field(min_length=1, description="Advice to the client")
    consultants: tuple[Localized, ...] = Field(min_length=1, description="Advice to the consultants")


class MeetingPart(Frozen):
    """A part of a session with its planned minutes."""

    part: SessionPart = Field(description="What kind of part it is")
    title: Localized = Field(description="Name of the part")
    minutes: StepMinutes = Field(description="Planned minutes")


class ConsultationForm(Frozen):
    """A variant of the consultation: its steps, and the session of three hours in which it stands."""

    code: Variant = Field(description="Variant: standard or express")
    title: Localized = Field(description="Name of the variant")
    use: Localized = Field(description="When it is used")
    steps: tuple[Step, ...] = Field(min_length=1, description="The six steps, in order")
    meeting: tuple[MeetingPart, ...] = Field(min_length=1, description="The session, part by part, its break included")

    @property
    def minutes(self) -> int:
        """Planned minutes of a consultation."""
        return sum(step.minutes for step in self.steps)

    @property
    def shortest(self) -> int:
        """Fewest minutes of a consultation."""
        return sum(step.min for step in self.steps)

    @property
    def longest(self) -> int:
        """Most minutes of a consultation."""
        return sum(step.max for step in self.steps)

    @property
    def meeting_minutes(self) -> int:
        """Planned minutes of a session, its break included (BR-06)."""
        return sum(part.minutes for part in self.meeting)


class Protocol(Frozen):
    """A version of the protocol of consultations; immutable once published (BR-01)."""

    version: Version = Field(description='Version, between quotes, e.g. "1.0"; the file\'s name')
    title: Localized = Field(description="Title of the protocol")
    summary: Localized = Field(description="The method in a few lines")
    preparation: Step = Field(description="Before: preparation and choice of the topic, in the opening")
    follow_up: Step = Field(description="After: the client's report at the next session, for each consultation")
    variants: tuple[ConsultationForm, ...] = Field(min_length=1, description="The variants, the usual one first")

    def variant(self, code: Variant) -> ConsultationForm:
        """Return a variant; raise ``KeyError`` when the protocol has none of that name."""
        return {form.code: form for form in self.variants}[code]
