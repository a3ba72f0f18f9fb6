"""People, their accounts, the roles they hold and their sign-ins.

A person is global: one row whatever the colleges. Others see them through what they hold or follow.
"""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import check, moment, moment_or_none


class Account(Row, table=True):
    """How a person signs in; ``email`` is kept in lower case.

    ``totp_sealed`` is the secret of the second factor, sealed by the keyring; ``totp_step`` the last step of
    30 seconds whose code was taken, so that a code serves once (RFC 6238).
    """

    person_id: int = Field(foreign_key="person.id", unique=True)
    email: str = Field(unique=True, max_length=254)
    password_hash: str = Field(max_length=255)
    totp_sealed: str | None = Field(default=None, max_length=300)
    totp_confirmed_at: datetime | None = moment_or_none()
    totp_step: int | None = None
    suspended_at: datetime | None = moment_or_none()
    created_at: datetime = moment()

    __table_args__ = (check("email_lower", "email = lower(email)"),)
