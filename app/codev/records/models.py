"""Tables of records, presences and turns. Append-only, no free text (BR-11)."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.codev.protocols.enums import Variant
from app.codev.records.enums import TurnReason, TurnStatus
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned


class CodevRecord(Row, table=True):
    """The closed record of a session: presence and turns; a correction supersedes it."""

    __tablename__ = "codev_record"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("supersedes_id", "codev_record"),
        extra=(
            UniqueConstraint("supersedes_id"),
            Index("uq_codev_record_first", "session_id", unique=True, postgresql_where=text("supersedes_id is null")),
        ),
    )

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    held: bool
    facilitator_id: int = Field(foreign_key="person.id", index=True)
    closed_at: datetime = moment()
    closed_by: int = Field(foreign_key="person.id")
    supersedes_id: int | None = None


class CodevPresence(Row, table=True):
    """A member's presence in a record; minutes include the breaks (BR-06)."""

    __tablename__ = "codev_presence"
    __table_args__ = owned(
        ("record_id", "codev_record"),
        ("membership_id", "codev_membership"),
        extra=(
            UniqueConstraint("record_id", "membership_id"),
            check("minutes", "minutes >= 0"),
            check("absent_without_minutes", "(status in ('excused', 'absent')) = (minutes = 0)"),
        ),
    )

    college_id: int = Field(index=True)
    record_id: int = Field(index=True)
    membership_id: int = Field(index=True)
    status: PresenceStatus = Field(sa_type=by_value(PresenceStatus))
    mode: PresenceMode | None = Field(default=None, sa_type=by_value(PresenceMode), nullable=True)
    minutes: int


class CodevTurn(Row, table=True):
    """A consultation of a record: its client, whether it was held to the end, and the protocol's variant (S4)."""

    __tablename__ = "codev_turn"
    __table_args__ = owned(
        ("record_id", "codev_record"),
        ("client_id", "codev_membership"),
        ("planned_client_id", "codev_membership"),
        extra=(
            UniqueConstraint("record_id", "position"),
            check("swapped_from_another", "status <> 'swapped' or planned_client_id <> client_id"),
        ),
    )

    college_id: int = Field(index=True)
    record_id: int = Field(index=True)
    position: int
    client_id: int
    planned_client_id: int | None = None
    status: TurnStatus = Field(sa_type=by_value(TurnStatus))
    reason: TurnReason | None = Field(default=None, sa_type=by_value(TurnReason), nullable=True)
    protocol: Variant = Field(
        default=Variant.STANDARD, sa_type=by_value(Variant), sa_column_kwargs={"server_default": Variant.STANDARD.value}
    )
