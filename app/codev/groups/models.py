"""Tables of groups, memberships and management links. No free text (BR-11)."""

from datetime import date, datetime

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from app.codev.sessions.enums import UndoReason
from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, owned
from app.platform.database.uniqueness import refused_as


class CodevGroup(Row, table=True):
    """Four to eight peers of a cohort (BR-10); its facilitator holds the role for the group.

    ``contract_version`` names the contract that they agree to, ``protocol_version`` the protocol that they follow.
    ``composition`` counts from 1: each entrance makes the next one, which everybody is asked to agree to (S2).
    """

    __tablename__ = "codev_group"
    __table_args__ = owned(
        ("cohort_id", "cohort"),
        extra=(
            UniqueConstraint("cohort_id", "name", info=refused_as("codev_group_name_taken", "name")),
            check("composition", "composition > 0"),
        ),
    )

    college_id: int = Field(index=True)
    cohort_id: int = Field(index=True)
    name: str = Field(max_length=80)
    contract_version: str = Field(max_length=20)
    protocol_version: str = Field(max_length=20)
    composition: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    created_at: datetime = moment()
    created_by: int = Field(foreign_key="person.id")


class CodevMembership(Row, table=True):
    """A participant's membership of a group; it never passes to another person.

    ``composition`` is that of the group from their entrance on.
    """

    __tablename__ = "codev_membership"
    __table_args__ = owned(
        ("group_id", "codev_group"),
        ("enrolment_id", "enrolment"),
        extra=(
            Index("uq_codev_membership_current", "enrolment_id", unique=True, postgresql_where=text("left_on is null")),
        ),
    )

    college_id: int = Field(index=True)
    group_id: int = Field(index=True)
    enrolment_id: int = Field(index=True)
    joined_on: date
    left_on: date | None = None
    composition: int = Field(default=1, sa_column_kwargs={"server_default": "1"})


class CodevReturn(Row, table=True):
    """A member who left and is in the group again, as if they had never left: who took the departure back, and why."""

    __tablename__ = "codev_return"
    __table_args__ = owned(("membership_id", "codev_membership"))

    college_id: int = Field(index=True)
    membership_id: int = Field(index=True)
    left_on: date
    returned_at: datetime = moment()
    returned_by: int = Field(foreign_key="person.id")
    reason: UndoReason = Field(sa_type=by_value(UndoReason))


class ManagementLink(Row, table=True):
    """Two participants of a college between whom one manages the other: never in one group (BR-10)."""

    __tablename__ = "management_link"
    __table_args__ = owned(extra=(UniqueConstraint("college_id", "manager_id", "member_id"),))

    college_id: int = Field(foreign_key="college.id", index=True)
    manager_id: int = Field(foreign_key="person.id")
    member_id: int = Field(foreign_key="person.id")
    declared_at: datetime = moment()
    declared_by: int = Field(foreign_key="person.id")
