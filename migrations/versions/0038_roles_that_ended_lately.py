"""Index the roles of a college by their end: those of its staff, in force or ended lately, are read alone."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

ENDS = sa.text("coalesce(ended_at, 'infinity'::timestamp with time zone)")


def upgrade() -> None:
    """Create the index."""
    op.create_index("ix_role_held_college_role_ends", "role_held", ["college_id", "role", ENDS])


def downgrade() -> None:
    """Drop the index."""
    op.drop_index("ix_role_held_college_role_ends", "role_held")
