"""Self check-in: when it was open for a session, who checked in, and the count of codes that are guessed."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0049"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
TABLES = ("check_in_opening", "check_in")
SCOPES = ("sign_in", "second_factor", "reset", "invitation", "oidc", "verify", "calendar")


def parent(table: str, column: str, of: str) -> sa.ForeignKeyConstraint:
    """Return the link of a table to a row of its college."""
    name = op.f(f"fk_{table}_{column}_college_id_{of}")
    return sa.ForeignKeyConstraint([column, "college_id"], [f"{of}.id", f"{of}.college_id"], name=name)


def upgrade() -> None:
    """Add both tables; what someone did is never changed, an opening is only closed."""
    op.create_table(
        "check_in_opening",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by", sa.Integer(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("grace_minutes between 0 and 60", name=op.f("ck_check_in_opening_grace_minutes")),
        sa.CheckConstraint("(closed_at is null) = (closed_by is null)", name=op.f("ck_check_in_opening_closed")),
        parent("check_in_opening", "session_id", "scheduled_session"),
        sa.ForeignKeyConstraint(["opened_by"], ["person.id"], name=op.f("fk_check_in_opening_opened_by_person")),
        sa.ForeignKeyConstraint(["closed_by"], ["person.id"], name=op.f("fk_check_in_opening_closed_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in_opening")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_check_in_opening_id_college_id")),
    )
    op.create_index(
        "uq_check_in_opening_one_open",
        "check_in_opening",
        ["session_id"],
        unique=True,
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "check_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("opening_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(
                "onsite", "video", "phone", name="presencemode", native_enum=False, length=40, create_constraint=True
            ),
            nullable=False,
        ),
        parent("check_in", "opening_id", "check_in_opening"),
        parent("check_in", "session_id", "scheduled_session"),
        parent("check_in", "enrolment_id", "enrolment"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_in")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_check_in_id_college_id")),
        sa.UniqueConstraint("session_id", "enrolment_id", name=op.f("uq_check_in_session_id_enrolment_id")),
    )
    for table, columns in (
        ("check_in_opening", ("college_id", "session_id")),
        ("check_in", ("college_id", "opening_id", "session_id", "enrolment_id")),
    ):
        for column in columns:
            op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    for table in TABLES:
        op.execute(f"grant select, insert on {table} to {APP}")
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')
    op.execute(f"grant update (closed_at, closed_by) on check_in_opening to {APP}")
    op.execute(f'create policy "update" on check_in_opening for update using ({MINE}) with check ({MINE})')
    count_attempts(*SCOPES, "check_in")


def count_attempts(*scopes: str) -> None:
    """Replace the scopes in which attempts are counted."""
    named = ", ".join(f"'{scope}'" for scope in scopes)
    op.drop_constraint(op.f("ck_attempt_door"), "attempt")
    op.create_check_constraint(op.f("ck_attempt_door"), "attempt", f"door in ({named})")


def downgrade() -> None:
    """Drop them; the roll calls that confirmed them stay."""
    op.execute("delete from attempt where door = 'check_in'")
    count_attempts(*SCOPES)
    for table in reversed(TABLES):
        op.drop_table(table)
