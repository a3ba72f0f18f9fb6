"""The way back of a cancelled session, a cancelled codevelopment session and a departure from a group, with history."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
UNDO_REASONS = ("mistake", "reconsidered")


def upgrade() -> None:
    """Add a table for each, append-only."""
    _add(
        "session_restoration",
        ("session_id", "scheduled_session"),
        ("cancelled_by", "restored_by"),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_by", sa.Integer(), nullable=True),
        sa.Column("cancel_reason", sa.String(length=500), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_by", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
    )
    _add(
        "codev_session_restoration",
        ("session_id", "codev_session"),
        ("cancelled_by", "restored_by"),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cancelled_by", sa.Integer(), nullable=True),
        sa.Column("restored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("restored_by", sa.Integer(), nullable=False),
        _undo_reason(),
    )
    _add(
        "codev_return",
        ("membership_id", "codev_membership"),
        ("returned_by",),
        sa.Column("left_on", sa.Date(), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_by", sa.Integer(), nullable=False),
        _undo_reason(),
    )


def _undo_reason() -> sa.Column[Any]:
    kind = sa.Enum(*UNDO_REASONS, name="undoreason", native_enum=False, length=40, create_constraint=True)
    return sa.Column("reason", kind, nullable=False)


def _add(table: str, parent: tuple[str, str], people: tuple[str, ...], *columns: sa.Column[Any]) -> None:
    """Create a table of a college's rows below a parent, that requests may read and add to."""
    column, parent_table = parent
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column(column, sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            [column, "college_id"],
            [f"{parent_table}.id", f"{parent_table}.college_id"],
            name=op.f(f"fk_{table}_{column}_college_id_{parent_table}"),
        ),
        *(sa.ForeignKeyConstraint([by], ["person.id"], name=op.f(f"fk_{table}_{by}_person")) for by in people),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("id", "college_id", name=op.f(f"uq_{table}_id_college_id")),
    )
    for indexed in ("college_id", column):
        op.create_index(op.f(f"ix_{table}_{indexed}"), table, [indexed])
    op.execute(f"grant select, insert on {table} to {APP}")
    op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
    op.execute(f"alter table {table} enable row level security")
    op.execute(f'create policy "select" on {table} for select using ({MINE})')
    op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')


def downgrade() -> None:
    """Remove the history; what was put back stays so."""
    for table in ("codev_return", "codev_session_restoration", "session_restoration"):
        op.drop_table(table)
