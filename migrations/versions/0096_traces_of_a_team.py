"""Traces of a team: whom the author of a trace names as having made it with them."""

import sqlalchemy as sa
from alembic import op

revision = "0096"
down_revision = "0095"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Add the table; a share ends, and its row stays."""
    op.create_table(
        "trace_share",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("hand_in_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("shared_by", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (ended_by is null)", name=op.f("ck_trace_share_ended")),
        sa.ForeignKeyConstraint(
            ["hand_in_id", "college_id"],
            ["hand_in.id", "hand_in.college_id"],
            name=op.f("fk_trace_share_hand_in_id_college_id_hand_in"),
        ),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_trace_share_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["shared_by"], ["person.id"], name=op.f("fk_trace_share_shared_by_person")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_trace_share_ended_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trace_share")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_trace_share_id_college_id")),
    )
    for column in ("college_id", "hand_in_id", "enrolment_id"):
        op.create_index(op.f(f"ix_trace_share_{column}"), "trace_share", [column])
    op.create_index(
        "uq_trace_share_in_force",
        "trace_share",
        ["hand_in_id", "enrolment_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.execute(f"grant select, insert, update (ended_at, ended_by) on trace_share to {APP}")
    op.execute(f"grant usage on sequence trace_share_id_seq to {APP}")
    op.execute("alter table trace_share enable row level security")
    op.execute(f'create policy "select" on trace_share for select using ({MINE})')
    op.execute(f'create policy "insert" on trace_share for insert with check ({MINE})')
    op.execute(f'create policy "update" on trace_share for update using ({MINE}) with check ({MINE})')


def downgrade() -> None:
    """Drop the table: traces are read by their authors, their trainers and coordinators again."""
    op.execute("delete from notification where kind = 'team_named'")
    op.drop_table("trace_share")
