"""Table of action items: whose, due when, and what became of it; what it says is encrypted elsewhere (BR-11)."""

from datetime import date, datetime

from sqlmodel import Field

from app.codev.actions.enums import ActionState
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned


class ActionItem(Row, table=True):
    """An action that the client of a consultation decided on; ``followed_session_id`` took it up last."""

    __tablename__ = "action_item"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("membership_id", "codev_membership"),
        ("followed_session_id", "codev_session"),
        ("confidence_id", "codev_confidence"),
        extra=(check("version", "version > 0"), check("position", "position between 1 and 4")),
    )

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    membership_id: int = Field(index=True)
    position: int
    due_on: date
    state: ActionState = Field(sa_type=by_value(ActionState))
    followed_session_id: int | None = Field(default=None, index=True)
    followed_at: datetime | None = moment_or_none()
    confidence_id: int | None = Field(default=None, index=True)
    version: int
    decided_at: datetime = moment()
