"""The mandate under which field hours are declared."""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0058"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: hours declared until now name no mandate."""
    op.add_column("field_hours", sa.Column("mandate_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_field_hours_mandate_id_college_id_mandate"),
        "field_hours",
        "mandate",
        ["mandate_id", "college_id"],
        ["id", "college_id"],
    )
    op.create_index(op.f("ix_field_hours_mandate_id"), "field_hours", ["mandate_id"], unique=False)


def downgrade() -> None:
    """Forget under which mandate hours were declared."""
    op.drop_index(op.f("ix_field_hours_mandate_id"), table_name="field_hours")
    op.drop_constraint(op.f("fk_field_hours_mandate_id_college_id_mandate"), "field_hours", type_="foreignkey")
    op.drop_column("field_hours", "mandate_id")
