"""The schedule under which what codevelopment groups wrote is destroyed."""

import sqlalchemy as sa
from alembic import op

revision = "0073"
down_revision = "0072"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
COUNTS = """
create function confidence_counts(asked int)
returns table (group_id int, texts bigint, told_on date, destroyed_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select k.group_id, (select count(*) from public.codev_confidence c where c.group_id = k.group_id), k.told_on,
           k.destroyed_at
      from public.codev_group_key k
     where k.college_id = asked
       and (session_user = current_user or asked = any (public.acting_colleges()))
$$
"""
"""How many texts each group of a college has, for who decides how long they are kept: no row, no word of them."""


def upgrade() -> None:
    """Create the schedule and the counts; people are told once before their group's texts go."""
    op.add_column("codev_group_key", sa.Column("told_on", sa.Date(), nullable=True))
    op.create_table(
        "destruction_schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("days between 7 and 730", name=op.f("ck_destruction_schedule_days")),
        sa.ForeignKeyConstraint(
            ["college_id"], ["college.id"], name=op.f("fk_destruction_schedule_college_id_college")
        ),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["person.id"], name=op.f("fk_destruction_schedule_confirmed_by_person")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destruction_schedule")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_destruction_schedule_id_college_id")),
    )
    op.create_index(op.f("ix_destruction_schedule_college_id"), "destruction_schedule", ["college_id"])
    op.execute(f"grant select, insert on destruction_schedule to {APP}")
    op.execute(f"grant usage on sequence destruction_schedule_id_seq to {APP}")
    op.execute("alter table destruction_schedule enable row level security")
    op.execute(f'create policy "select" on destruction_schedule for select using ({MINE})')
    op.execute(f'create policy "insert" on destruction_schedule for insert with check ({MINE})')
    op.execute(COUNTS)
    op.execute("revoke all on function confidence_counts(int) from public")
    op.execute(f"grant execute on function confidence_counts(int) to {APP}")


def downgrade() -> None:
    """Drop them, and the messages that an older version cannot read."""
    op.execute("drop function confidence_counts(int)")
    op.drop_table("destruction_schedule")
    op.drop_column("codev_group_key", "told_on")
    op.execute("delete from notification where kind = 'confidences_end'")
