"""Encrypted texts of codevelopment groups, their keys, and preparation sheets."""

import sqlalchemy as sa
from alembic import op

revision = "0067"
down_revision = "0065"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
IN_GROUP = "group_id = any ((select acting_groups())::int[])"
AUTHOR = "person_id = (select acting_person())"
INSIDE = f"{MINE} and {IN_GROUP}"
OWN = f"{MINE} and {AUTHOR}"
SHARED = f"{MINE} and ({AUTHOR} or kind <> 'journal' and {IN_GROUP})"
WROTE = "exists (select from codev_confidence c where c.group_id = codev_group_key.group_id and c.person_id = (select acting_person()))"  # noqa: E501
OF_WRITER = f"{MINE} and ({IN_GROUP} or {WROTE})"
FUNCTION = """
create function acting_groups() returns int[]
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select array_agg(h.group_id) from public.role_held h
     where h.person_id = public.acting_person() and h.group_id is not null and h.ended_at is null
$$
"""
"""The groups that the actor is in, as a member or their facilitator; a coordinator is in none."""
PARTS = (
    "enrolment", "progress", "evidence", "judgement", "certificate", "mandate", "report", "board", "application",
    "candidates", "hours", "name", "timetable",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables; only who is in a group, or wrote a text, gets at its row."""
    op.execute(FUNCTION)
    op.execute("revoke all on function acting_groups() from public")
    op.execute(f"grant execute on function acting_groups() to {APP}")
    _group_key()
    _confidence()
    _preparation_sheet()
    for table in ("codev_group_key", "codev_confidence", "preparation_sheet"):
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
    op.execute(f"grant select, insert on codev_group_key to {APP}")
    op.execute(f'create policy "select" on codev_group_key for select using ({OF_WRITER})')
    op.execute(f'create policy "insert" on codev_group_key for insert with check ({INSIDE})')
    op.execute(f"grant select, insert, update (content_sealed, written_at) on codev_confidence to {APP}")
    op.execute(f'create policy "select" on codev_confidence for select using ({SHARED})')
    op.execute(f'create policy "insert" on codev_confidence for insert with check ({OWN} and {IN_GROUP})')
    op.execute(f'create policy "update" on codev_confidence for update using ({OWN}) with check ({OWN})')
    op.execute(f"grant select, insert, update (version, changed_at) on preparation_sheet to {APP}")
    op.execute(f'create policy "select" on preparation_sheet for select using ({MINE})')
    op.execute(f'create policy "insert" on preparation_sheet for insert with check ({MINE})')
    op.execute(f'create policy "update" on preparation_sheet for update using ({MINE}) with check ({MINE})')
    _allow((*PARTS, "confidence"))


def _allow(parts: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_view_log_part"), "view_log", type_="check")
    op.create_check_constraint(op.f("ck_view_log_part"), "view_log", f"what in ({', '.join(map(repr, parts))})")


def _group_key() -> None:
    op.create_table(
        "codev_group_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("key_sealed", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(key_sealed is null) = (destroyed_at is not null)", name=op.f("ck_codev_group_key_sealed")),
        sa.ForeignKeyConstraint(
            ["group_id", "college_id"],
            ["codev_group.id", "codev_group.college_id"],
            name=op.f("fk_codev_group_key_group_id_college_id_codev_group"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_group_key")),
        sa.UniqueConstraint("group_id", name=op.f("uq_codev_group_key_group_id")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_group_key_id_college_id")),
    )
    op.create_index(op.f("ix_codev_group_key_college_id"), "codev_group_key", ["college_id"])


def _confidence() -> None:
    op.create_table(
        "codev_confidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("content_sealed", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('sheet', 'journal', 'note', 'learning', 'action')",
            name=op.f("ck_codev_confidence_confidencekind"),
        ),
        sa.ForeignKeyConstraint(
            ["group_id", "college_id"],
            ["codev_group.id", "codev_group.college_id"],
            name=op.f("fk_codev_confidence_group_id_college_id_codev_group"),
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_codev_confidence_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_confidence")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_confidence_id_college_id")),
    )
    for column in ("college_id", "group_id", "person_id"):
        op.create_index(op.f(f"ix_codev_confidence_{column}"), "codev_confidence", [column])


def _preparation_sheet() -> None:
    op.create_table(
        "preparation_sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("confidence_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_preparation_sheet_version")),
        *(
            sa.ForeignKeyConstraint(
                [column, "college_id"],
                [f"{parent}.id", f"{parent}.college_id"],
                name=op.f(f"fk_preparation_sheet_{column}_college_id_{parent}"),
            )
            for column, parent in (
                ("session_id", "codev_session"),
                ("membership_id", "codev_membership"),
                ("confidence_id", "codev_confidence"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preparation_sheet")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_preparation_sheet_id_college_id")),
        sa.UniqueConstraint("session_id", "membership_id", name=op.f("uq_preparation_sheet_session_id_membership_id")),
    )
    for column in ("college_id", "membership_id", "confidence_id"):
        op.create_index(op.f(f"ix_preparation_sheet_{column}"), "preparation_sheet", [column])


def downgrade() -> None:
    """Drop them: what groups wrote is lost."""
    op.drop_table("preparation_sheet")
    op.drop_table("codev_group_key")  # its policy reads the texts
    op.drop_table("codev_confidence")
    op.execute("drop function acting_groups()")
    op.execute("update view_log set what = 'enrolment' where what = 'confidence'")
    _allow(PARTS)
