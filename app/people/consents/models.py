"""The table of consents."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from app.people.consents.enums import Purpose
from app.platform.database.rows import Row
from app.platform.database.types import by_value, moment, moment_or_none


class Consent(Row, table=True):
    """A consent to a purpose, in one version of its text, and when it was withdrawn."""

    __table_args__ = (
        Index(
            "uq_consent_standing",
            "person_id",
            "purpose",
            "text_version",
            unique=True,
            postgresql_where=text("withdrawn_at is null"),
        ),
    )

    person_id: int = Field(foreign_key="person.id", index=True)
    purpose: Purpose = Field(sa_type=by_value(Purpose))
    text_version: str = Field(max_length=20)
    language: str = Field(max_length=5)
    given_at: datetime = moment()
    withdrawn_at: datetime | None = moment_or_none()
