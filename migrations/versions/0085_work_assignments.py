"""Works to judge assigned to trainers."""

import sqlalchemy as sa
from alembic import op

revision = "0085"
down_revision = "0084"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Create the table, append-only: a later row supersedes an earlier one."""
    op.create_table(
        "work_assignment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("activity_code", sa.String(length=20), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assigned_by", sa.Integer(), nullable=False),
        sa.Column("supersedes_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["enrolment_id", "college_id"],
            ["enrolment.id", "enrolment.college_id"],
            name=op.f("fk_work_assignment_enrolment_id_college_id_enrolment"),
        ),
        sa.ForeignKeyConstraint(
            ["supersedes_id", "college_id"],
            ["work_assignment.id", "work_assignment.college_id"],
            name=op.f("fk_work_assignment_supersedes_id_college_id_work_assignment"),
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["person.id"], name=op.f("fk_work_assignment_assignee_id_person")),
        sa.ForeignKeyConstraint(["assigned_by"], ["person.id"], name=op.f("fk_work_assignment_assigned_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_assignment")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_work_assignment_id_college_id")),
        sa.UniqueConstraint("supersedes_id", name=op.f("uq_work_assignment_supersedes_id")),
    )
    op.create_index(op.f("ix_work_assignment_college_id"), "work_assignment", ["college_id"])
    op.create_index(op.f("ix_work_assignment_enrolment_id"), "work_assignment", ["enrolment_id"])
    op.create_index(
        "uq_work_assignment_first",
        "work_assignment",
        ["enrolment_id", sa.text("coalesce(activity_code, '')")],
        unique=True,
        postgresql_where=sa.text("supersedes_id is null"),
    )
    op.execute(f"grant select, insert on work_assignment to {APP}")
    op.execute(f"grant usage on sequence work_assignment_id_seq to {APP}")
    op.execute("alter table work_assignment enable row level security")
    op.execute(f'create policy "select" on work_assignment for select using ({MINE})')
    op.execute(f'create policy "insert" on work_assignment for insert with check ({MINE})')


def downgrade() -> None:
    """Remove it: works are everybody's again."""
    op.execute("delete from notification where kind in ('works_assigned', 'works_reassigned')")
    op.drop_table("work_assignment")
