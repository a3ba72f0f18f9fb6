"""Letters that the service sends: written in the transaction that decides them, sent by the worker afterwards."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.db import moment, moment_or_none


class Letter(SQLModel, table=True):
    """A letter on its way; its body, which may hold a link that opens something, is emptied once it is sent."""

    id: int | None = Field(default=None, primary_key=True)
    recipient: str = Field(max_length=254)
    subject: str = Field(max_length=200)
    body: str
    created_at: datetime = moment()
    due_at: datetime = moment(index=True)
    tries: int = 0
    sent_at: datetime | None = moment_or_none()
    last_error: str = Field(default="", max_length=300)
