"""Give an entry of the directory a version, so that nobody writes over what they never read."""

import sqlalchemy as sa
from alembic import op

revision = "0093"
down_revision = "0092"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: the version of an entry is how often something was done to it."""
    op.add_column("resource", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.alter_column("resource", "version", server_default=None)
    op.create_check_constraint(op.f("ck_resource_version"), "resource", "version > 0")


def downgrade() -> None:
    """Remove it: the last one to write wins again."""
    op.drop_constraint(op.f("ck_resource_version"), "resource", type_="check")
    op.drop_column("resource", "version")
