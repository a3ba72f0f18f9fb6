"""Why a role of a college's staff ended, and why it was given back."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Add the table, append-only."""
    op.create_unique_constraint(op.f("uq_role_held_id_college_id"), "role_held", ["id", "college_id"])
    op.create_table(
        "role_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.Column("is_end", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["role_id", "college_id"],
            ["role_held.id", "role_held.college_id"],
            name=op.f("fk_role_change_role_id_college_id_role_held"),
        ),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_role_change_changed_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_change")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_role_change_id_college_id")),
    )
    for column in ("college_id", "role_id"):
        op.create_index(op.f(f"ix_role_change_{column}"), "role_change", [column])
    op.execute(f"grant select, insert on role_change to {APP}")
    op.execute(f"grant usage on sequence role_change_id_seq to {APP}")
    op.execute("alter table role_change enable row level security")
    op.execute(f'create policy "select" on role_change for select using ({MINE})')
    op.execute(f'create policy "insert" on role_change for insert with check ({MINE})')


def downgrade() -> None:
    """Remove the reasons; what ended stays so."""
    op.drop_table("role_change")
    op.drop_constraint(op.f("uq_role_held_id_college_id"), "role_held", type_="unique")
