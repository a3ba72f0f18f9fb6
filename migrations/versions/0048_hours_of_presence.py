"""When someone who was present for a part of a session arrived and left."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

TABLE = "roll_call_entry"
CHECKS = {
    "partial_hours": "(arrived_at is null and left_at is null) or status in ('late', 'left_early')",
    "left_after_arriving": "left_at > arrived_at",
}


def upgrade() -> None:
    """Add both hours, which nobody wrote until now."""
    for column in ("arrived_at", "left_at"):
        op.add_column(TABLE, sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    for name, condition in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, condition)


def downgrade() -> None:
    """Remove them; the minutes stay."""
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_{TABLE}_{name}"), TABLE, type_="check")
    for column in ("left_at", "arrived_at"):
        op.drop_column(TABLE, column)
