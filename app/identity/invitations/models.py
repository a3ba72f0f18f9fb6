"""The table of invitations."""

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.platform.database.uniqueness import refused_as
from app.platform.security.permissions import Role


class Invitation(Row, table=True):
    """An invitation to open an account with a role, once, within days; only its token's SHA-256 is stored.

    One link may carry several: the roles that one person is offered together. Without a college it offers a role on
    the whole platform or in a project, which the operator alone may do. The names are those that the inviter wrote:
    the person's form begins with them. ``created_by`` is ``None`` for the operator's, ``link_printed_at`` set when
    the operator printed the link in place of a letter. ``letter_id``: the last letter that carried the link. Nothing is
    offered twice in one place to an address: one that has expired is withdrawn when another one is sent.
    """

    __table_args__ = owned(
        ("cohort_id", "cohort"),
        extra=(
            Index(
                "uq_invitation_one_open",
                "email",
                text("coalesce(role, '')"),
                text("coalesce(college_id, 0)"),
                text("coalesce(cohort_id, 0)"),
                text("coalesce(project_id, 0)"),
                unique=True,
                postgresql_where=text("used_at is null and withdrawn_at is null"),
                info=refused_as("already_invited", "email"),
            ),
            check("place", "coalesce(role in ('admin', 'observer'), false) = (college_id is null)"),
            check("project", "coalesce(role = 'observer', false) = (project_id is not null)"),
            check("cohort_within_college", "cohort_id is null or college_id is not null"),
            check("inviter_within_college", "created_by is null or college_id is not null"),
        ),
    )

    college_id: int | None = Field(default=None, foreign_key="college.id", index=True)
    cohort_id: int | None = None
    project_id: int | None = Field(default=None, foreign_key="project.id")
    email: str = Field(max_length=254, index=True)
    legal_first_name: str | None = Field(default=None, max_length=100)
    legal_last_name: str | None = Field(default=None, max_length=100)
    chosen_name: str | None = Field(default=None, max_length=200)
    role: Role | None = Field(default=None, sa_type=by_value(Role), nullable=True)
    token_hash: str = Field(index=True, max_length=64)
    created_at: datetime = moment()
    created_by: int | None = Field(default=None, foreign_key="person.id")
    link_printed_at: datetime | None = moment_or_none()
    letter_id: int | None = Field(default=None, foreign_key="letter.id", ondelete="SET NULL", index=True)
    expires_at: datetime = moment()
    used_at: datetime | None = moment_or_none()
    withdrawn_at: datetime | None = moment_or_none()
