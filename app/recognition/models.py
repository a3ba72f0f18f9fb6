"""The tables of recognition of prior learning (S9): rows are written once; a claim's state follows its steps."""

from datetime import date, datetime

from sqlalchemy import ARRAY, Column, Index, Integer, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned
from app.platform.database.uniqueness import refused_as
from app.recognition.enums import ClaimState, CredentialType, StepKind


class PriorLearningPiece(Row, table=True):
    """A piece of a dossier, deposited once for all its claims: a file, a credential of another body, or both."""

    __tablename__ = "prior_learning_piece"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        extra=(
            check("credential", "num_nonnulls(credential_type, issuer, obtained_on) in (0, 3)"),
            check("content", "num_nonnulls(credential_type, file_sha256) > 0"),
            check("file_whole", "num_nonnulls(file_name, file_type, file_size, file_sha256) in (0, 4)"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    title: str = Field(max_length=200)
    credential_type: CredentialType | None = Field(default=None, sa_type=by_value(CredentialType), nullable=True)
    issuer: str | None = Field(default=None, max_length=200)
    obtained_on: date | None = None
    file_name: str | None = Field(default=None, max_length=200)
    file_type: str | None = Field(default=None, max_length=100)
    file_size: int | None = None
    file_sha256: str | None = Field(default=None, max_length=64)
    deposited_at: datetime = moment()


class PriorLearningClaim(Row, table=True):
    """A level of one competency that a person claims, on pieces of their dossier.

    ``supervisor`` is the name of who directs their work, who does not judge it. ``state`` and ``specialist_id``, the
    last one named, follow from its steps and are kept so that lists read no step.
    """

    __tablename__ = "prior_learning_claim"
    __table_args__ = owned(("enrolment_id", "enrolment"), extra=(check("level", "level between 1 and 4"),))

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    competency_code: str = Field(max_length=20)
    level: int
    statement: str = Field(max_length=4000)
    pieces: list[int] = Field(sa_column=Column(ARRAY(Integer), nullable=False))
    supervisor: str | None = Field(default=None, max_length=200)
    state: ClaimState = Field(sa_type=by_value(ClaimState))
    specialist_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    claimed_at: datetime = moment()


class PriorLearningStep(Row, table=True):
    """A step of a claim: a specialist is named, gives a level, a registrar decides; the person withdraws it, or asks
    that a refusal be reviewed, which begins round 2.

    ``level`` is the specialist's, and that of a granted decision; ``None`` where the evidence shows none.
    """

    __tablename__ = "prior_learning_step"
    __table_args__ = owned(
        ("enrolment_id", "enrolment"),
        ("claim_id", "prior_learning_claim"),
        extra=(
            Index(
                "uq_prior_learning_step_once",
                "claim_id",
                "round",
                "kind",
                unique=True,
                postgresql_where=text("kind <> 'named'"),
                info=refused_as("recognition_changed"),
            ),
            check("level", "level between 1 and 4"),
            check("round", "round between 1 and 2"),
            check("specialist", "(kind = 'named') = (specialist_id is not null)"),
            check("granted", "kind <> 'granted' or level is not null"),
            check("reason", "kind = 'named' or kind = 'withdrawn' or reason is not null"),
        ),
    )

    college_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    claim_id: int = Field(index=True)
    round: int
    kind: StepKind = Field(sa_type=by_value(StepKind))
    specialist_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    level: int | None = None
    reason: str | None = Field(default=None, max_length=2000)
    recorded_at: datetime = moment()
    recorded_by: int = Field(foreign_key="person.id")
