"""The session that a message is about, and the calendar file of its e-mail."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0065"
down_revision = "0064"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, which no message that was written before has; a request reads no letter's, as of its body."""
    op.add_column("notification", sa.Column("session_entry", postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column("letter", sa.Column("calendar", sa.String(), nullable=True))


def downgrade() -> None:
    """Remove the columns: messages go on without."""
    op.drop_column("letter", "calendar")
    op.drop_column("notification", "session_entry")
