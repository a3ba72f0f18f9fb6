"""Journals, learnings and notes of sessions, and action items of codevelopment groups."""

import sqlalchemy as sa
from alembic import op

revision = "0069"
down_revision = "0068"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
OWN = f"{MINE} and person_id = (select acting_person())"
TABLES = ("journal_entry", "session_writing", "action_item")


def upgrade() -> None:
    """Create the tables: a journal is its author's alone, who may destroy what they wrote."""
    _table(
        "journal_entry",
        (("group_id", "codev_group"), ("session_id", "codev_session"), ("confidence_id", "codev_confidence")),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=True),
        sa.Column("confidence_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_journal_entry_person_id_person")),
        indexes=("college_id", "group_id", "person_id", "session_id", "confidence_id"),
    )
    _table(
        "session_writing",
        (("session_id", "codev_session"), ("membership_id", "codev_membership"), ("confidence_id", "codev_confidence")),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("confidence_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind in ('learning', 'note')", name=op.f("ck_session_writing_writingkind")),
        sa.CheckConstraint("position between 0 and 4", name=op.f("ck_session_writing_position")),
        sa.UniqueConstraint(
            "session_id",
            "membership_id",
            "kind",
            "position",
            name=op.f("uq_session_writing_session_id_membership_id_kind_position"),
        ),
        indexes=("college_id", "membership_id", "confidence_id"),
    )
    _table(
        "action_item",
        (
            ("session_id", "codev_session"),
            ("membership_id", "codev_membership"),
            ("followed_session_id", "codev_session"),
            ("confidence_id", "codev_confidence"),
        ),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("followed_session_id", sa.Integer(), nullable=True),
        sa.Column("followed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confidence_id", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state in ('open', 'done', 'not_done', 'dropped')", name=op.f("ck_action_item_actionstate")),
        sa.CheckConstraint("position between 1 and 4", name=op.f("ck_action_item_position")),
        indexes=("college_id", "session_id", "membership_id", "followed_session_id", "confidence_id"),
    )
    op.execute(f"grant select, insert, delete, update (version, changed_at) on journal_entry to {APP}")
    for command in ("select", "insert", "update", "delete"):
        clause = f"with check ({OWN})" if command == "insert" else f"using ({OWN})"
        op.execute(f'create policy "{command}" on journal_entry for {command} {clause}')
    op.execute(f"grant select, insert, update (version, changed_at) on session_writing to {APP}")
    op.execute(
        f"grant select, insert, update (state, followed_session_id, followed_at, version) on action_item to {APP}"
    )
    for table in ("session_writing", "action_item"):
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')
        op.execute(f'create policy "update" on {table} for update using ({MINE}) with check ({MINE})')
    op.execute(f"grant delete on codev_confidence to {APP}")
    op.execute(f"create policy \"delete\" on codev_confidence for delete using ({OWN} and kind = 'journal')")


def _table(
    name: str, parents: tuple[tuple[str, str], ...], *columns: sa.schema.SchemaItem, indexes: tuple[str, ...]
) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        *columns,
        *(
            sa.ForeignKeyConstraint(
                [column, "college_id"],
                [f"{parent}.id", f"{parent}.college_id"],
                name=op.f(f"fk_{name}_{column}_college_id_{parent}"),
            )
            for column, parent in parents
        ),
        sa.CheckConstraint("version > 0", name=op.f(f"ck_{name}_version")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("id", "college_id", name=op.f(f"uq_{name}_id_college_id")),
    )
    for column in indexes:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    op.execute(f"grant usage on sequence {name}_id_seq to {APP}")
    op.execute(f"alter table {name} enable row level security")


def downgrade() -> None:
    """Drop them: what was written after sessions is lost."""
    op.execute('drop policy "delete" on codev_confidence')
    op.execute(f"revoke delete on codev_confidence from {APP}")
    for name in TABLES:
        op.drop_table(name)
    op.execute("delete from codev_confidence where kind <> 'sheet'")
