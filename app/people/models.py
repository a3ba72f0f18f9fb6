"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    func,
    text,
)
from sqlmodel import Field, SQLModel, col

from app.access import Role
from app.db import by_value, check, moment, moment_or_none, owned

SEARCH_KEY = 420
"""Longest search key, in characters: the folding of a ligature may lengthen a name, and what is over is cut."""


class Person(SQLModel, table=True):
    """Someone; ``search_key`` is the folded name (no accents, no case) for search and sorting."""

    id: int | None = Field(default=None, primary_key=True)
    legal_first_name: str = Field(max_length=100)
    legal_last_name: str = Field(max_length=100)
    chosen_name: str | None = Field(default=None, max_length=200)
    search_key: str = Field(max_length=SEARCH_KEY, index=True)
    created_at: datetime = moment()

    @property
    def name(self) -> str:
        """The name used on screens; certificates carry the legal one."""
        return self.chosen_name or f"{self.legal_first_name} {self.legal_last_name}"


class NameChange(SQLModel, table=True):
    """A legal name that someone had until a day, and who saw the proof of the new one; the proof is not kept (S7)."""

    __tablename__ = "name_change"
    __table_args__ = owned()

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    former_first_name: str = Field(max_length=100)
    former_last_name: str = Field(max_length=100)
    changed_at: datetime = moment()
    seen_on: date
    seen_by: int = Field(foreign_key="person.id")


def shown_name() -> ColumnElement[str]:
    """``Person.name`` as a column, for lists that select columns."""
    legal = col(Person.legal_first_name) + " " + col(Person.legal_last_name)
    return func.coalesce(col(Person.chosen_name), legal)


class Account(SQLModel, table=True):
    """How a person signs in; ``email`` is kept in lower case.

    ``totp_sealed`` is the secret of the second factor, sealed by the keyring; ``totp_step`` the last step of
    30 seconds whose code was taken, so that a code serves once (RFC 6238).
    """

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", unique=True)
    email: str = Field(unique=True, max_length=254)
    password_hash: str = Field(max_length=255)
    totp_sealed: str | None = Field(default=None, max_length=300)
    totp_confirmed_at: datetime | None = moment_or_none()
    totp_step: int | None = None
    suspended_at: datetime | None = moment_or_none()
    created_at: datetime = moment()

    __table_args__ = (check("email_lower", "email = lower(email)"),)


class RoleHeld(SQLModel, table=True):
    """A role someone holds: on the platform, in a college, in a cohort or in a codevelopment group."""

    __tablename__ = "role_held"
    __table_args__ = (
        ForeignKeyConstraint(["cohort_id", "college_id"], ["cohort.id", "cohort.college_id"]),
        ForeignKeyConstraint(["group_id", "college_id"], ["codev_group.id", "codev_group.college_id"]),
        Index(
            "uq_role_held_once",
            "person_id",
            "role",
            text("coalesce(college_id, 0)"),
            text("coalesce(project_id, 0)"),
            text("coalesce(cohort_id, 0)"),
            text("coalesce(group_id, 0)"),
            unique=True,
            postgresql_where=text("ended_at is null"),
        ),
        check("place", "(role in ('admin', 'observer')) = (college_id is null)"),
        check("cohort_within_college", "cohort_id is null or college_id is not null"),
    )

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    role: Role = Field(sa_type=by_value(Role))
    college_id: int | None = Field(default=None, foreign_key="college.id")
    project_id: int | None = Field(default=None, foreign_key="project.id")
    cohort_id: int | None = Field(default=None, index=True)
    group_id: int | None = Field(default=None, index=True)
    granted_at: datetime = moment()
    granted_by: int | None = Field(default=None, foreign_key="person.id")
    ended_at: datetime | None = moment_or_none()


class SignInKind(StrEnum):
    """A browser's cookie or a program's bearer token."""

    COOKIE = "cookie"
    BEARER = "bearer"


class SignIn(SQLModel, table=True):
    """A proof of sign-in; only the SHA-256 of its secret is kept. ``origin`` is the address it came from."""

    __tablename__ = "sign_in"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    kind: SignInKind = Field(sa_type=by_value(SignInKind))
    secret_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    seen_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment_or_none()
    second_factor_at: datetime | None = moment_or_none()
    user_agent: str = Field(default="", max_length=300)
    origin: str = Field(default="", max_length=45)


class RecoveryCode(SQLModel, table=True):
    """A code to write down, for who loses the second factor; serves once, only its SHA-256 is kept."""

    __tablename__ = "recovery_code"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    code_hash: str = Field(max_length=64)
    used_at: datetime | None = moment_or_none()


class ApiToken(SQLModel, table=True):
    """A program's key to some of what its person may do; named, ending, only its SHA-256 kept."""

    __tablename__ = "api_token"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    name: str = Field(max_length=100)
    token_hash: str = Field(unique=True, max_length=64)
    permissions: list[str] = Field(sa_type=ARRAY(String(40)))
    created_at: datetime = moment()
    expires_at: datetime = moment()
    seen_at: datetime | None = moment_or_none()
    ended_at: datetime | None = moment_or_none()


class Door(StrEnum):
    """Doors where tries are counted."""

    SIGN_IN = "sign_in"
    SECOND_FACTOR = "second_factor"
    RESET = "reset"
    INVITATION = "invitation"
    OIDC = "oidc"
    VERIFY = "verify"


class Attempt(SQLModel, table=True):
    """A wrong try at a door, by whom or from where: ``subject_hash`` is a keyed digest, no address is kept."""

    __table_args__ = (Index("ix_attempt_window", "door", "subject_hash", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    door: Door = Field(sa_type=by_value(Door))
    subject_hash: str = Field(max_length=64)
    at: datetime = moment(index=True)


class Invitation(SQLModel, table=True):
    """A college's letter to someone: opens an account with a role, once, within days; its token is kept as SHA-256."""

    __table_args__ = owned(
        ("cohort_id", "cohort"), extra=(check("role_of_a_college", "role not in ('admin', 'observer')"),)
    )

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    cohort_id: int | None = None
    email: str = Field(max_length=254)
    role: Role | None = Field(default=None, sa_type=by_value(Role), nullable=True)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")
    expires_at: datetime = moment()
    used_at: datetime | None = moment_or_none()
    withdrawn_at: datetime | None = moment_or_none()


class PasswordReset(SQLModel, table=True):
    """Proof that someone reads an account's mail; serves once, within the hour, only its SHA-256 is kept."""

    __tablename__ = "password_reset"

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    used_at: datetime | None = moment_or_none()


class OidcProvider(SQLModel, table=True):
    """A college's own sign-in service; its issuer is pinned, its client secret sealed by the keyring."""

    __tablename__ = "oidc_provider"
    __table_args__ = owned(extra=(UniqueConstraint("issuer", "client_id"),))

    id: int | None = Field(default=None, primary_key=True)
    college_id: int = Field(foreign_key="college.id", index=True)
    label: str = Field(max_length=100)
    issuer: str = Field(max_length=300)
    client_id: str = Field(max_length=200)
    client_secret_sealed: str = Field(max_length=500)
    created_at: datetime = moment()
    ended_at: datetime | None = moment_or_none()


class OidcIdentity(SQLModel, table=True):
    """Who an account is at an issuer: ``(issuer, subject)``, never an e-mail address."""

    __tablename__ = "oidc_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    account_id: int = Field(foreign_key="account.id", index=True)
    issuer: str = Field(max_length=300)
    subject: str = Field(max_length=255)
    linked_at: datetime = moment()
    seen_at: datetime | None = moment_or_none()


class OidcFlow(SQLModel, table=True):
    """A sign-in on its way to an issuer and back; bound to one browser, serves once, within minutes.

    ``account_id`` is set when someone already signed in links the identity to their account.
    """

    __tablename__ = "oidc_flow"

    id: int | None = Field(default=None, primary_key=True)
    provider_id: int = Field(foreign_key="oidc_provider.id")
    account_id: int | None = Field(default=None, foreign_key="account.id")
    state_hash: str = Field(unique=True, max_length=64)
    browser_hash: str = Field(max_length=64)
    nonce: str = Field(max_length=100)
    verifier_sealed: str = Field(max_length=400)
    return_to: str = Field(default="/", max_length=500)
    created_at: datetime = moment(index=True)
    used_at: datetime | None = moment_or_none()


class Purpose(StrEnum):
    """What someone may consent to."""

    EVALUATION_STUDY = "evaluation_study"
    IMAGE_AND_TESTIMONY = "image_and_testimony"
    EMPLOYER_LIST = "employer_list"


class Consent(SQLModel, table=True):
    """That someone agreed to a purpose, in the words of one version of its text, and when they took it back."""

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

    id: int | None = Field(default=None, primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    purpose: Purpose = Field(sa_type=by_value(Purpose))
    text_version: str = Field(max_length=20)
    language: str = Field(max_length=5)
    given_at: datetime = moment()
    withdrawn_at: datetime | None = moment_or_none()
