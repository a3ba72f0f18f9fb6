"""Tables of profiles: one a person, of no college, and the expertises that it names."""

from datetime import date, datetime

from sqlalchemy import ARRAY, Column, String, Text, UniqueConstraint
from sqlmodel import Field

from app.community.profiles.enums import Availability, Contribution
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment


class AdvisorProfile(Row, table=True):
    """What a person writes of themselves for the network; who reads it follows from their consents at each reading."""

    __tablename__ = "advisor_profile"
    __table_args__ = (
        UniqueConstraint("person_id"),
        check("version", "version > 0"),
        check("contribution", "(contribution is null) = (contribution_on is null)"),
    )

    person_id: int = Field(foreign_key="person.id")
    presentation: str = Field(max_length=600)
    not_doing: str = Field(max_length=300)
    regions: list[str] = Field(sa_type=ARRAY(String(2)))
    sectors: list[str] = Field(sa_type=ARRAY(String(40)))
    languages: list[str] = Field(sa_type=ARRAY(String(40)))
    availability: Availability = Field(sa_type=by_value(Availability))
    contribution: Contribution | None = Field(default=None, sa_type=by_value(Contribution), nullable=True)
    contribution_on: date | None = None
    search_text: str = Field(sa_column=Column(Text, nullable=False))
    photo_sha256: str | None = Field(default=None, max_length=64)
    version: int
    changed_at: datetime = moment()


class ProfileExpertise(Row, table=True):
    """A competency that a profile names, and the certificate or the mandate on which it rests."""

    __tablename__ = "profile_expertise"
    __table_args__ = (
        UniqueConstraint("person_id", "competency"),
        check("proof", "num_nonnulls(certificate_id, mandate_id) = 1"),
    )

    person_id: int = Field(foreign_key="person.id", index=True)
    competency: str = Field(max_length=10, index=True)
    certificate_id: int | None = Field(default=None, foreign_key="certificate.id", index=True)
    mandate_id: int | None = Field(default=None, foreign_key="mandate.id", index=True)
    proven_on: date
