"""Messages to people, and how many of theirs they have not read, told with who presents a secret."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

APP = "escouade_app"
OWN = "person_id = nullif(current_setting('app.person_id', true), '')::int and person_id = (select acting_person())"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
UNREAD = (
    "(select count(*)::int from (select from public.notification n"
    " where n.person_id = p.id and n.read_at is null limit 100) unread) as unread"
)
COUNTED = """
do $$
declare
  f text := pg_get_functiondef('authenticate_secret(text, text, text)'::regprocedure);
begin
  execute replace(f, $a${before}$a$, $a${after}$a$);
end
$$
"""
FIRST = "p.chosen_name, p.legal_first_name,"
"""What the function selects of a person first, wherever it does."""


def upgrade() -> None:
    """Add the table: each reads their own, whoever acts in a college writes its people's; count what is unread."""
    op.create_table(
        "notification",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("event_key", sa.String(length=120), nullable=False),
        sa.Column("params", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("page", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_notification_college_id_college")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_notification_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("person_id", "kind", "event_key", name=op.f("uq_notification_person_id_kind_event_key")),
    )
    for column in ("college_id", "created_at"):
        op.create_index(op.f(f"ix_notification_{column}"), "notification", [column])
    op.create_index("ix_notification_person_id_created_at", "notification", ["person_id", "created_at"])
    op.create_index(
        "ix_notification_unread", "notification", ["person_id"], postgresql_where=sa.text("read_at is null")
    )
    op.create_index(
        "ix_notification_mail_due_at", "notification", ["mail_due_at"],
        postgresql_where=sa.text("mail_due_at is not null"),
    )  # fmt: skip
    op.execute(f"grant select, insert, update (read_at) on notification to {APP}")
    op.execute(f"grant usage on sequence notification_id_seq to {APP}")
    op.execute("alter table notification enable row level security")
    op.execute(f'create policy "select" on notification for select using ({OWN})')
    op.execute(f'create policy "insert" on notification for insert with check (({MINE}) or ({OWN}))')
    op.execute(f'create policy "update" on notification for update using ({OWN}) with check ({OWN})')
    op.execute(COUNTED.format(before=FIRST, after=f"{UNREAD}, {FIRST}"))


def downgrade() -> None:
    """Count nothing any more, and remove the messages."""
    op.execute(COUNTED.format(before=f"{UNREAD}, {FIRST}", after=FIRST))
    op.drop_table("notification")
