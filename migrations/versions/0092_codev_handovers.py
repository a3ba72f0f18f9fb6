"""Members pass their turn as client, or propose to swap it."""

import sqlalchemy as sa
from alembic import op

revision = "0092"
down_revision = "0091"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
KINDS = (
    "turn_passed", "turn_taken", "reserve_taken", "swap_proposed", "swap_accepted", "swap_declined", "swap_called_off",
)  # fmt: skip


def _belongs(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_college_id_{parent}")
    return sa.ForeignKeyConstraint([column, "college_id"], [f"{parent}.id", f"{parent}.college_id"], name=name)


def upgrade() -> None:
    """Add turns passed and swaps proposed."""
    op.create_table(
        "codev_pass",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("passed_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("position between 1 and 4", name=op.f("ck_codev_pass_position")),
        _belongs("codev_pass", "session_id", "codev_session"),
        _belongs("codev_pass", "membership_id", "codev_membership"),
        _belongs("codev_pass", "taken_by_id", "codev_membership"),
        sa.ForeignKeyConstraint(["passed_by"], ["person.id"], name=op.f("fk_codev_pass_passed_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_pass")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_pass_id_college_id")),
    )
    for column in ("college_id", "session_id", "membership_id", "passed_by"):
        op.create_index(op.f(f"ix_codev_pass_{column}"), "codev_pass", [column])
    op.create_table(
        "codev_swap",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("asked_id", sa.Integer(), nullable=False),
        sa.Column("exchange_session_id", sa.Integer(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("membership_id <> asked_id", name=op.f("ck_codev_swap_between_two")),
        sa.CheckConstraint("(ended_at is null) = (outcome is null)", name=op.f("ck_codev_swap_ended")),
        sa.CheckConstraint(
            "outcome in ('accepted', 'declined', 'withdrawn', 'lapsed')", name=op.f("ck_codev_swap_outcome")
        ),
        _belongs("codev_swap", "session_id", "codev_session"),
        _belongs("codev_swap", "membership_id", "codev_membership"),
        _belongs("codev_swap", "asked_id", "codev_membership"),
        _belongs("codev_swap", "exchange_session_id", "codev_session"),
        sa.ForeignKeyConstraint(["proposed_by"], ["person.id"], name=op.f("fk_codev_swap_proposed_by_person")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_codev_swap_ended_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_swap")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_swap_id_college_id")),
    )
    for column in (
        "college_id", "session_id", "membership_id", "asked_id", "exchange_session_id", "proposed_by", "ended_by",
    ):  # fmt: skip
        op.create_index(op.f(f"ix_codev_swap_{column}"), "codev_swap", [column])
    op.create_index(
        "uq_codev_swap_open",
        "codev_swap",
        ["session_id", "membership_id", "asked_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.execute(f"grant select, insert on codev_pass to {APP}")
    op.execute(f"grant select, insert, update (outcome, ended_at, ended_by) on codev_swap to {APP}")
    for table in ("codev_pass", "codev_swap"):
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')
    op.execute(f'create policy "update" on codev_swap for update using ({MINE}) with check ({MINE})')


def downgrade() -> None:
    """Remove them, and their messages, which an older version cannot read."""
    op.drop_table("codev_swap")
    op.drop_table("codev_pass")
    kinds = sa.bindparam("kinds", list(KINDS), sa.ARRAY(sa.String()))
    op.execute(sa.text("delete from notification where kind = any (:kinds)").bindparams(kinds))
