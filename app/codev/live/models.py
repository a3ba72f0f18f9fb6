"""The table of what is done during sessions: append-only, no free text (BR-11)."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field

from app.codev.live.enums import LiveAction
from app.codev.records.enums import TurnReason
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned


class CodevLiveEvent(Row, table=True):
    """Something done during a session; ``version`` counts from 1 in each session, without a gap.

    ``membership_id`` is whom a presence is about; ``reason`` the kind of reason of a swap or a postponement (S4).
    """

    __tablename__ = "codev_live_event"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("membership_id", "codev_membership"),
        extra=(
            UniqueConstraint("session_id", "version"),
            check("version", "version > 0"),
            check("presence_of_someone", "(action in ('here', 'away')) = (membership_id is not null)"),
        ),
    )

    college_id: int = Field(index=True)
    session_id: int
    version: int
    action: LiveAction = Field(sa_type=by_value(LiveAction))
    membership_id: int | None = Field(default=None, index=True)
    reason: TurnReason | None = Field(default=None, sa_type=by_value(TurnReason), nullable=True)
    done_at: datetime = moment()
    done_by: int = Field(foreign_key="person.id", index=True)
