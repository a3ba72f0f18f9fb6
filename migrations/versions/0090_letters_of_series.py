"""Let a message be about the sessions of a series: its letter carries each for one's calendar."""

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None

KINDS = ("series_planned", "record_disputed", "record_corrected", "record_maintained")


def upgrade() -> None:
    """Keep the session of a message as a list of one."""
    op.alter_column("notification", "session_entry", new_column_name="session_entries")
    op.execute(
        "update notification set session_entries = jsonb_build_array(session_entries) where session_entries is not null"
    )


def downgrade() -> None:
    """Keep the first session alone, and remove the messages of kinds that an older version cannot read."""
    kinds = sa.bindparam("kinds", list(KINDS), sa.ARRAY(sa.String()))
    op.execute(sa.text("delete from notification where kind = any (:kinds)").bindparams(kinds))
    op.execute("update notification set session_entries = session_entries -> 0 where session_entries is not null")
    op.alter_column("notification", "session_entries", new_column_name="session_entry")
