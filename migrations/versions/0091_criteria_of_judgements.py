"""The level of each criterion and what is said of it, kept with a judgement, its draft and the levels of a panel."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0091"
down_revision = "0090"
branch_labels = None
depends_on = None

APP = "escouade_app"
LEVELS, FEEDBACK = "criteria_levels", "criteria_feedback"
COLUMNS = {"judgement": (LEVELS, FEEDBACK), "judgement_draft_text": (LEVELS, FEEDBACK), "panel_opinion": (LEVELS,)}


def upgrade() -> None:
    """Add them, by the code of the criterion; what was judged or written before has neither."""
    for table, columns in COLUMNS.items():
        for column in columns:
            op.add_column(table, sa.Column(column, postgresql.JSONB(), server_default="{}", nullable=False))
    op.execute(f"grant update ({LEVELS}, {FEEDBACK}) on judgement_draft_text to {APP}")


def downgrade() -> None:
    """Remove them: what was said of single criteria is lost."""
    for table, columns in COLUMNS.items():
        for column in columns:
            op.drop_column(table, column)
