"""Announcements of coordinators to their cohorts."""

import sqlalchemy as sa
from alembic import op

revision = "0057"
down_revision = "0056"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def upgrade() -> None:
    """Create the table: what was sent is never changed."""
    op.create_table(
        "announcement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=120), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("reaches", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("reaches > 0", name=op.f("ck_announcement_reaches")),
        sa.ForeignKeyConstraint(
            ["cohort_id", "college_id"],
            ["cohort.id", "cohort.college_id"],
            name=op.f("fk_announcement_cohort_id_college_id_cohort"),
        ),
        sa.ForeignKeyConstraint(["sent_by"], ["person.id"], name=op.f("fk_announcement_sent_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcement")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_announcement_id_college_id")),
    )
    for column in ("college_id", "cohort_id", "sent_at"):
        op.create_index(op.f(f"ix_announcement_{column}"), "announcement", [column])
    op.execute(f"grant select, insert on announcement to {APP}")
    op.execute(f"grant usage on sequence announcement_id_seq to {APP}")
    op.execute("alter table announcement enable row level security")
    op.execute(f'create policy "select" on announcement for select using ({MINE})')
    op.execute(f'create policy "insert" on announcement for insert with check ({MINE})')


def downgrade() -> None:
    """Remove it, and its messages, which an older version cannot read."""
    op.drop_table("announcement")
    op.execute("delete from notification where kind = 'announcement'")
