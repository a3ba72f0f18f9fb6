"""Queries, commands and read models of profiles."""

import re
from datetime import date, datetime
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from app.community.profiles.enums import Availability, Contribution, ProfileSort, Sector, Spoken
from app.network.schemas import RegionCode
from app.people.consents.enums import Purpose
from app.platform.paging import After, ListQuery
from app.platform.schema import BlankIsNone, Code, Command, Line, Prose, Read, SearchText

DIGITS = re.compile("[0-9]{1,9}")
EXPERTISES = 3
"""How many expertises a profile names at most: the page of SPE-11.B asks for two or three."""
CompetencyCode = Annotated[Code, StringConstraints(pattern=r"^CN-[0-9]{2}$")]


class ExpertiseCommand(Command):
    """An expertise: a competency of the framework, and the piece of one's own file on which it rests."""

    competency: CompetencyCode
    certificate_id: int | None = None
    mandate_id: int | None = None


class ProfileContent(Command):
    """What a profile says, as its author writes it."""

    presentation: Annotated[Prose, StringConstraints(max_length=600)]
    not_doing: Annotated[Prose, StringConstraints(max_length=300)]
    regions: Annotated[tuple[RegionCode, ...], Field(min_length=1, max_length=17)]
    sectors: Annotated[tuple[Sector, ...], Field(min_length=1, max_length=len(Sector))]
    languages: Annotated[tuple[Spoken, ...], Field(min_length=1, max_length=len(Spoken))]
    availability: Availability
    contribution: Contribution | None = None
    contribution_on: date | None = None
    expertises: Annotated[tuple[ExpertiseCommand, ...], Field(max_length=EXPERTISES)] = ()


Blank = Annotated[CompetencyCode | None, BlankIsNone]
Proof = Annotated[Line | None, BlankIsNone]


class ProfileForm(Command):
    """A profile as its page sends it: a competency and a proof a line, and the version it was made from.

    A proof is ``certificate-12`` or ``mandate-7``.
    """

    presentation: Annotated[Prose, StringConstraints(max_length=600)]
    not_doing: Annotated[Prose, StringConstraints(max_length=300)]
    regions: Annotated[tuple[RegionCode, ...], Field(min_length=1, max_length=17, validate_default=True)] = ()
    sectors: Annotated[tuple[Sector, ...], Field(min_length=1, validate_default=True)] = ()
    languages: Annotated[tuple[Spoken, ...], Field(min_length=1, validate_default=True)] = ()
    availability: Availability
    contribution: Annotated[Contribution | None, BlankIsNone] = None
    contribution_on: Annotated[date | None, BlankIsNone] = None
    competency: Annotated[tuple[Blank, ...], Field(max_length=EXPERTISES)] = ()
    proof: Annotated[tuple[Proof, ...], Field(max_length=EXPERTISES)] = ()
    version: int

    @property
    def content(self) -> ProfileContent:
        """What the profile says; a line without competency is left out."""
        lines = [
            _expertise(competency, proof)
            for competency, proof in zip(self.competency, self.proof, strict=False)
            if competency
        ]
        values = self.model_dump(exclude={"competency", "proof", "version"})
        return ProfileContent(**values, expertises=tuple(lines))


def _expertise(competency: str, proof: str | None) -> ExpertiseCommand:
    kind, _, number = (proof or "").partition("-")
    id_ = int(number) if DIGITS.fullmatch(number) else None
    return ExpertiseCommand(
        competency=competency,
        certificate_id=id_ if kind == "certificate" else None,
        mandate_id=id_ if kind == "mandate" else None,
    )


class ProofChoice(Read):
    """A piece of one's own file on which an expertise may rest."""

    certificate_id: int | None = None
    mandate_id: int | None = None
    label: str
    dated: date


class ExpertiseShown(Read):
    """An expertise with the kind and the date of what it rests on: neither an enterprise nor a level."""

    competency: str
    proof: str = Field(description="certificate or mandate")
    proven_on: date


class OwnExpertise(ExpertiseShown):
    """One's own expertise; ``stands`` is false once what it rests on is revoked or gone: nobody else sees it then."""

    certificate_id: int | None
    mandate_id: int | None
    stands: bool


class AudienceShown(Read):
    """One of the three audiences, and whether one's consent to it is in force."""

    purpose: Purpose
    agreed: bool
    since: datetime | None


class ProfileContentShown(Read):
    """What a profile says, besides its expertises."""

    presentation: str
    not_doing: str
    regions: tuple[str, ...]
    sectors: tuple[Sector, ...]
    languages: tuple[Spoken, ...]
    availability: Availability
    contribution: Contribution | None
    contribution_on: date | None


class OwnProfile(Read):
    """One's own profile; its version is 0 while there is none."""

    version: int
    content: ProfileContentShown | None
    expertises: tuple[OwnExpertise, ...]
    has_photo: bool
    changed_at: datetime | None
    audiences: tuple[AudienceShown, ...]


class ProfileShown(ProfileContentShown):
    """A profile as the directory shows it, by its person's consent; a photo by another one."""

    person_id: int
    name: str
    changed_at: datetime
    has_photo: bool
    expertises: tuple[ExpertiseShown, ...]


class ProfilePage(Read):
    """A page of profiles, by name; ``next`` is the ``after`` of the following page."""

    items: tuple[ProfileShown, ...]
    next: int | None


class ProfilesApiQuery(Command):
    """The profiles to return, as many as a page after the one of id ``after``."""

    search: SearchText = ""
    region: RegionCode | None = None
    competency: CompetencyCode | None = None
    after: After = None


class ProfilesQuery(ListQuery):
    """The profiles to show."""

    SORTS: ClassVar = ProfileSort
    tri: str = "nom"
    region: RegionCode | None = None
    expertise: Annotated[CompetencyCode | None, BlankIsNone] = None


class EmployerProfilesQuery(Command):
    """The employer whose people's profiles are asked for."""

    employer: Annotated[Line, StringConstraints(max_length=200)]


class EmployerProfiles(Read):
    """The profiles that people of an employer consent to share with it; the others are counted and not named."""

    employer: str
    items: tuple[ProfileShown, ...]
    withheld: int
