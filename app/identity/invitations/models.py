"""The table of invitations."""

from datetime import datetime

from sqlmodel import Field

from app.platform.database.rows import Row
from app.platform.database.types import by_value, check, moment, moment_or_none, owned
from app.platform.security.permissions import Role


class Invitation(Row, table=True):
    """An e-mail invitation to open an account with a role, once, within days; only its token's SHA-256 is stored."""

    __table_args__ = owned(
        ("cohort_id", "cohort"), extra=(check("role_of_a_college", "role not in ('admin', 'observer')"),)
    )

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
