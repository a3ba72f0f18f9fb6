"""The end of a signatory, and the history of ends and returns with their reasons."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Add the moment of the end, and the history, append-only."""
    op.add_column("signatory", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "signatory_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("signatory_id", sa.Integer(), nullable=False),
        sa.Column("is_end", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["signatory_id", "college_id"],
            ["signatory.id", "signatory.college_id"],
            name=op.f("fk_signatory_change_signatory_id_college_id_signatory"),
        ),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f("fk_signatory_change_changed_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signatory_change")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_signatory_change_id_college_id")),
    )
    for column in ("college_id", "signatory_id"):
        op.create_index(op.f(f"ix_signatory_change_{column}"), "signatory_change", [column])
    op.execute(f"grant select, insert on signatory_change to {APP}")
    op.execute(f"grant usage on sequence signatory_change_id_seq to {APP}")
    op.execute("alter table signatory_change enable row level security")
    op.execute(f'create policy "select" on signatory_change for select using ({MINE})')
    op.execute(f'create policy "insert" on signatory_change for insert with check ({MINE})')


def downgrade() -> None:
    """Remove the history; who was ended signs until the day before, or never if they had not begun."""
    op.drop_table("signatory_change")
    op.execute(
        "update signatory set valid_from = least(valid_from, ended_at::date - 1), valid_to = ended_at::date - 1"
        " where ended_at is not null and (valid_to is null or valid_to >= ended_at::date)"
    )
    op.drop_column("signatory", "ended_at")
