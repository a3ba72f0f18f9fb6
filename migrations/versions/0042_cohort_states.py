"""Keep the state of each cohort, from draft to archived, and who moved it, when and why.

Existing cohorts get theirs from what is there: running while somebody follows it, closed once its last day has passed,
else open. Those that are closed take no application.
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
STATES = ("draft", "open", "running", "closed", "archived")
TODAY = "(now() at time zone timezone)::date"
FOLLOWED = "exists (select from enrolment e where e.cohort_id = cohort.id and e.state in ({}))"
STATE_NOW = f"""
    case when {FOLLOWED.format("'active', 'on_leave'")} then 'running'
         when ends_on < {TODAY} then 'closed'
         when {FOLLOWED.format("'completed', 'incomplete', 'failed', 'transferred'")} then 'running'
         else 'open' end
"""


def upgrade() -> None:
    """Add the state and its history; an outsider sees a cohort that takes applications, and no draft."""
    op.add_column("cohort", sa.Column("state", sa.String(40)))
    op.execute(f"update cohort set state = {STATE_NOW}")  # noqa: S608 - our own constants
    op.execute("update cohort set applications_open = false where state = 'closed'")
    op.alter_column("cohort", "state", nullable=False)
    op.create_check_constraint(op.f("ck_cohort_cohortstate"), "cohort", sa.column("state").in_(STATES))
    op.create_check_constraint(
        op.f("ck_cohort_applications"), "cohort", "not applications_open or state in ('draft', 'open', 'running')"
    )
    op.create_check_constraint(op.f("ck_cohort_grace_hours"), "cohort", "grace_hours between 0 and 720")
    op.create_index(op.f("ix_cohort_state"), "cohort", ["state"])
    op.execute('drop policy "select" on cohort')
    open_to_all = "applications_open and (state = 'open' or state = 'running')"  # "in" reads otherwise once restored
    op.execute(f'create policy "select" on cohort for select using (({MINE}) or ({open_to_all}))')
    op.create_table(
        "cohort_move",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.String(40), nullable=False),
        sa.Column("to_state", sa.String(40), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500)),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.CheckConstraint(sa.column("from_state").in_(STATES), name=op.f("ck_cohort_move_from_state")),
        sa.CheckConstraint(sa.column("to_state").in_(STATES), name=op.f("ck_cohort_move_to_state")),
        sa.ForeignKeyConstraint(
            ["cohort_id", "college_id"],
            ["cohort.id", "cohort.college_id"],
            name=op.f("fk_cohort_move_cohort_id_college_id_cohort"),
        ),
        sa.ForeignKeyConstraint(["moved_by"], ["person.id"], name=op.f("fk_cohort_move_moved_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cohort_move")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_cohort_move_id_college_id")),
    )
    for column in ("college_id", "cohort_id"):
        op.create_index(op.f(f"ix_cohort_move_{column}"), "cohort_move", [column])
    op.execute(f"grant select, insert on cohort_move to {APP}")
    op.execute(f"grant usage on sequence cohort_move_id_seq to {APP}")
    op.execute("alter table cohort_move enable row level security")
    op.execute(f'create policy "select" on cohort_move for select using ({MINE})')
    op.execute(f'create policy "insert" on cohort_move for insert with check ({MINE})')


def downgrade() -> None:
    """Remove the states and their history; drafts and archived cohorts take no application."""
    op.drop_table("cohort_move")
    op.execute("update cohort set applications_open = false where state not in ('open', 'running')")
    op.execute('drop policy "select" on cohort')
    op.execute(f'create policy "select" on cohort for select using (({MINE}) or applications_open)')
    op.drop_index(op.f("ix_cohort_state"), "cohort")
    for name in ("grace_hours", "applications", "cohortstate"):
        op.drop_constraint(op.f(f"ck_cohort_{name}"), "cohort")
    op.drop_column("cohort", "state")
