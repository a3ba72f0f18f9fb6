"""Let a seat of a panel supersede that of an assessor who may no longer judge."""

import sqlalchemy as sa
from alembic import op

revision = "0089"
down_revision = "0088"
branch_labels = None
depends_on = None

PARENT = "fk_panel_seat_supersedes_id_college_id_panel_seat"
ONCE = "uq_panel_seat_supersedes_id"


def upgrade() -> None:
    """Add the column."""
    op.add_column("panel_seat", sa.Column("supersedes_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f(PARENT), "panel_seat", "panel_seat", ["supersedes_id", "college_id"], ["id", "college_id"]
    )
    op.create_unique_constraint(op.f(ONCE), "panel_seat", ["supersedes_id"])


def downgrade() -> None:
    """Remove it: a panel keeps the assessors who were replaced beside those who replace them."""
    op.drop_constraint(op.f(ONCE), "panel_seat")
    op.drop_constraint(op.f(PARENT), "panel_seat")
    op.drop_column("panel_seat", "supersedes_id")
