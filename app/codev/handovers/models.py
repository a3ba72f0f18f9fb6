"""Tables of turns passed and of swaps proposed between members. No free text, no reason (BR-11)."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from app.codev.handovers.enums import SwapOutcome
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as


class CodevPass(Row, table=True):
    """A member passed their turn as client, before the session; ``taken_by_id`` is ``None`` when nobody took it."""

    __tablename__ = "codev_pass"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("membership_id", "codev_membership"),
        ("taken_by_id", "codev_membership"),
        extra=(check("position", "position between 1 and 4"),),
    )

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    position: int
    membership_id: int = Field(index=True)
    taken_by_id: int | None = None
    passed_at: datetime = moment()
    passed_by: int = Field(foreign_key="person.id", index=True)


class CodevSwap(Row, table=True):
    """A member asks another to take their turn; with ``exchange_session_id``, for the other's turn in that session.

    ``ended_by`` is ``None`` when the proposal lapsed.
    """

    __tablename__ = "codev_swap"
    __table_args__ = owned(
        ("session_id", "codev_session"),
        ("membership_id", "codev_membership"),
        ("asked_id", "codev_membership"),
        ("exchange_session_id", "codev_session"),
        extra=(
            Index(
                "uq_codev_swap_open",
                "session_id",
                "membership_id",
                "asked_id",
                unique=True,
                postgresql_where=text("ended_at is null"),
                info=refused_as("swap_proposed", "asked_id"),
            ),
            check("between_two", "membership_id <> asked_id"),
            check("ended", "(ended_at is null) = (outcome is null)"),
        ),
    )

    college_id: int = Field(index=True)
    session_id: int = Field(index=True)
    membership_id: int = Field(index=True)
    asked_id: int = Field(index=True)
    exchange_session_id: int | None = Field(default=None, index=True)
    proposed_at: datetime = moment()
    proposed_by: int = Field(foreign_key="person.id", index=True)
    outcome: SwapOutcome | None = Field(default=None, sa_type=by_value(SwapOutcome), nullable=True)
    ended_at: datetime | None = moment_or_none()
    ended_by: int | None = Field(default=None, foreign_key="person.id", index=True)
