"""The address of a page that a text handed in points to."""

import sqlalchemy as sa
from alembic import op

revision = "0055"
down_revision = "0054"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: none of what was handed in has a link."""
    op.add_column("hand_in", sa.Column("link", sa.String(length=500), nullable=True))
    op.create_check_constraint(op.f("ck_hand_in_link_with_text"), "hand_in", "link is null or body is not null")


def downgrade() -> None:
    """Drop the column."""
    op.drop_column("hand_in", "link")
