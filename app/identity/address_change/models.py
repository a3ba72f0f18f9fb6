"""The table of changes of address that wait for their link, or have used it."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import moment, moment_or_none


class AddressChange(Row, table=True):
    """An address that the owner of an account asked for; it becomes the account's once its link is used.

    Only the SHA-256 of the link's token is stored. ``ended_at``: when the link was used, or replaced by another.
    """

    __tablename__ = "address_change"

    account_id: int = Field(foreign_key="account.id", index=True)
    email: str = Field(max_length=254)
    token_hash: str = Field(unique=True, max_length=64)
    created_at: datetime = moment()
    expires_at: datetime = moment()
    ended_at: datetime | None = moment_or_none()
    letter_id: int | None = Field(default=None, foreign_key="letter.id", ondelete="SET NULL", index=True)
