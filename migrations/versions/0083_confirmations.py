"""Each member confirms the record of a session."""

import sqlalchemy as sa
from alembic import op

revision = "0083"
down_revision = "0082"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Add what members say of records: of those closed before nobody has said anything."""
    op.create_table(
        "codev_confirmation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("record_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("is_right", sa.Boolean(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id", "college_id"],
            ["codev_record.id", "codev_record.college_id"],
            name=op.f("fk_codev_confirmation_record_id_college_id_codev_record"),
        ),
        sa.ForeignKeyConstraint(
            ["membership_id", "college_id"],
            ["codev_membership.id", "codev_membership.college_id"],
            name=op.f("fk_codev_confirmation_membership_id_college_id_codev_membership"),
        ),
        sa.ForeignKeyConstraint(["said_by"], ["person.id"], name=op.f("fk_codev_confirmation_said_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_confirmation")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_confirmation_id_college_id")),
    )
    for column in ("college_id", "record_id", "membership_id", "said_by"):
        op.create_index(op.f(f"ix_codev_confirmation_{column}"), "codev_confirmation", [column])
    op.execute(f"grant select, insert on codev_confirmation to {APP}")
    op.execute(f"grant usage on sequence codev_confirmation_id_seq to {APP}")
    op.execute("alter table codev_confirmation enable row level security")
    op.execute(f'create policy "select" on codev_confirmation for select using ({MINE})')
    op.execute(f'create policy "insert" on codev_confirmation for insert with check ({MINE})')


def downgrade() -> None:
    """Remove what members said."""
    op.drop_table("codev_confirmation")
