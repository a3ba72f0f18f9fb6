"""Index the enrolments by employer: the people whom one sends are found without reading those of the others."""

import sqlalchemy as sa
from alembic import op

revision = "0088"
down_revision = "0087"
branch_labels = None
depends_on = None

NAME = "ix_enrolment_college_id_employer"


def upgrade() -> None:
    """Create the index."""
    op.create_index(NAME, "enrolment", ["college_id", "employer"], postgresql_where=sa.text("employer is not null"))


def downgrade() -> None:
    """Remove the index."""
    op.drop_index(NAME, table_name="enrolment")
