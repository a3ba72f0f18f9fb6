"""Index the register of a college by date, the order in which its list is read."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

NAME = "ix_certificate_college_id_issued_on_id"


def upgrade() -> None:
    """Create the index."""
    op.create_index(NAME, "certificate", ["college_id", "issued_on", "id"])


def downgrade() -> None:
    """Remove it."""
    op.drop_index(NAME, table_name="certificate")
