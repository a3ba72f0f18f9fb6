"""Let a college choose the late-join limit and the grace period that its new cohorts begin with."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add both, as every cohort had them until now."""
    for name, value, most in (("late_join_pct", "25", 100), ("grace_hours", "48", 720)):
        op.add_column("college", sa.Column(name, sa.Integer(), nullable=False, server_default=value))
        op.alter_column("college", name, server_default=None)
        op.create_check_constraint(op.f(f"ck_college_{name}"), "college", f"{name} between 0 and {most}")


def downgrade() -> None:
    """Remove them; cohorts keep theirs."""
    for name in ("late_join_pct", "grace_hours"):
        op.drop_constraint(op.f(f"ck_college_{name}"), "college")
        op.drop_column("college", name)
