"""The table of revocations."""

from datetime import date, datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from app.certificates.enums import RevocationGround
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as


class Revocation(Row, table=True):
    """A revocation from its opening to its decision: the reason, the holder's answer, the decision (S10).

    ``answer_by`` is the last day to answer; ``revoked`` is null until a named person has decided. Revoked for cause, it
    opens a hold (``hold_id``): no certificate is issued to the person until another named person lifts it.
    """

    __table_args__ = owned(
        ("certificate_id", "certificate"),
        ("hold_id", "hold"),
        extra=(
            Index(
                "uq_revocation_one_open",
                "certificate_id",
                unique=True,
                postgresql_where=text("decided_at is null"),
                info=refused_as("revocation_open"),
            ),
            check(
                "decided", "(decided_at is null) = (decided_by is null) and (decided_at is null) = (revoked is null)"
            ),
            check("held", "(hold_id is not null) = (coalesce(revoked, false) and ground = 'cause')"),
        ),
    )

    college_id: int = Field(index=True)
    certificate_id: int = Field(index=True)
    ground: RevocationGround = Field(sa_type=by_value(RevocationGround))
    reason: str = Field(max_length=1000)
    opened_at: datetime = moment()
    opened_by: int = Field(foreign_key="person.id")
    answer_by: date
    answer: str | None = Field(default=None, max_length=4000)
    answered_at: datetime | None = moment_or_none()
    decided_at: datetime | None = moment_or_none()
    decided_by: int | None = Field(default=None, foreign_key="person.id")
    revoked: bool | None = None
    contest: str | None = Field(default=None, max_length=4000)
    contested_at: datetime | None = moment_or_none()
    hold_id: int | None = None
