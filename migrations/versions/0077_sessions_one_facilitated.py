"""Find the sessions that someone facilitated without reading the records of everyone."""

from alembic import op

revision = "0077"
down_revision = "0076"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Index the records by facilitator."""
    op.create_index("ix_codev_record_facilitator_id", "codev_record", ["facilitator_id"])


def downgrade() -> None:
    """Leave the facilitator without an index."""
    op.drop_index("ix_codev_record_facilitator_id", table_name="codev_record")
