"""Drop an index that another begins with: PostgreSQL read every work of a person for those of one activity."""

from alembic import op

revision = "0076"
down_revision = "0075"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Leave the index of each attempt of an activity, which begins with the enrolment."""
    op.drop_index("ix_hand_in_enrolment_id", table_name="hand_in")


def downgrade() -> None:
    """Make the index again."""
    op.create_index("ix_hand_in_enrolment_id", "hand_in", ["enrolment_id"])
