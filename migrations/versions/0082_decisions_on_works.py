"""Works returned or waived, and attempts opened beyond the first two."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0082"
down_revision = "0081"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
TABLES = ("work_decision", "extra_attempt")


def upgrade() -> None:
    """Create both tables, append-only."""
    op.create_table(
        "work_decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("hand_in_id", sa.Integer(), nullable=False),
        sa.Column("competency_code", sa.String(length=20), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("criteria", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind in ('returned', 'waived')", name=op.f("ck_work_decision_workdecisionkind")),
        sa.CheckConstraint("text <> '' or criteria <> '{}'::jsonb", name=op.f("ck_work_decision_with_text")),
        sa.ForeignKeyConstraint(
            ["hand_in_id", "college_id"],
            ["hand_in.id", "hand_in.college_id"],
            name=op.f("fk_work_decision_hand_in_id_college_id_hand_in"),
        ),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_work_decision_decided_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_decision")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_work_decision_id_college_id")),
        sa.UniqueConstraint(
            "hand_in_id",
            "competency_code",
            name=op.f("uq_work_decision_hand_in_id_competency_code"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index(op.f("ix_work_decision_college_id"), "work_decision", ["college_id"])
    op.create_table(
        "extra_attempt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_extra_attempt_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_extra_attempt_opened_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_extra_attempt")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_extra_attempt_id_college_id")),
    )
    op.create_index(op.f("ix_extra_attempt_college_id"), "extra_attempt", ["college_id"])
    op.create_index(
        op.f("ix_extra_attempt_enrolment_id_activity_code"), "extra_attempt", ["enrolment_id", "activity_code"]
    )
    for table in TABLES:
        op.execute(f"grant select, insert on {table} to {APP}")
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')


def downgrade() -> None:
    """Remove both: what was returned or waived waits again."""
    op.execute("delete from notification where kind in ('work_returned', 'attempt_opened')")
    for table in TABLES:
        op.drop_table(table)
