"""Let a message be about the sessions of a series: its letter carries each for one's calendar."""

from alembic import op

revision = "0090"
down_revision = "0089"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep the session of a message as a list of one."""
    op.alter_column("notification", "session_entry", new_column_name="session_entries")
    op.execute(
        "update notification set session_entries = jsonb_build_array(session_entries) where session_entries is not null"
    )


def downgrade() -> None:
    """Keep the first session alone: the letter of a series that is not written yet carries its first session."""
    op.execute("update notification set session_entries = session_entries -> 0 where session_entries is not null")
    op.alter_column("notification", "session_entries", new_column_name="session_entry")
