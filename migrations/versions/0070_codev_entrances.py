"""Entrances to codevelopment groups that have begun: announced, and what the members say of them."""

import sqlalchemy as sa
from alembic import op

revision = "0070"
down_revision = "0069"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)


def _belongs(table: str, column: str, parent: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_college_id_{parent}")
    return sa.ForeignKeyConstraint([column, "college_id"], [f"{parent}.id", f"{parent}.college_id"], name=name)


def upgrade() -> None:
    """Colleges tell the members three days before, unless they choose otherwise."""
    op.add_column("college", sa.Column("entry_notice_days", sa.Integer(), server_default="3", nullable=False))
    op.create_check_constraint(op.f("ck_college_entry_notice_days"), "college", "entry_notice_days between 0 and 30")
    op.create_table(
        "codev_entrance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("enrolment_id", sa.Integer(), nullable=False),
        sa.Column("enters_on", sa.Date(), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("announced_by", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(ended_at is null) = (outcome is null)", name=op.f("ck_codev_entrance_ended")),
        sa.CheckConstraint("outcome in ('entered', 'withdrawn', 'refused')", name=op.f("ck_codev_entrance_outcome")),
        _belongs("codev_entrance", "group_id", "codev_group"),
        _belongs("codev_entrance", "enrolment_id", "enrolment"),
        sa.ForeignKeyConstraint(["announced_by"], ["person.id"], name=op.f("fk_codev_entrance_announced_by_person")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_codev_entrance_ended_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_entrance")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_entrance_id_college_id")),
    )
    for column in ("college_id", "group_id", "enrolment_id"):
        op.create_index(op.f(f"ix_codev_entrance_{column}"), "codev_entrance", [column])
    op.create_index(
        "uq_codev_entrance_open",
        "codev_entrance",
        ["enrolment_id"],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_table(
        "codev_concern",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("entrance_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.Column("is_concerned", sa.Boolean(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        _belongs("codev_concern", "entrance_id", "codev_entrance"),
        _belongs("codev_concern", "membership_id", "codev_membership"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_concern")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_concern_id_college_id")),
        sa.UniqueConstraint("entrance_id", "membership_id", name=op.f("uq_codev_concern_entrance_id_membership_id")),
    )
    for column in ("college_id", "entrance_id", "membership_id"):
        op.create_index(op.f(f"ix_codev_concern_{column}"), "codev_concern", [column])
    for table in ("codev_entrance", "codev_concern"):
        op.execute(f"grant select, insert, update on {table} to {APP}")
        op.execute(f"grant usage on sequence {table}_id_seq to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')
        op.execute(f'create policy "insert" on {table} for insert with check ({MINE})')
        op.execute(f'create policy "update" on {table} for update using ({MINE}) with check ({MINE})')


def downgrade() -> None:
    """Remove them, and their messages, which an older version cannot read."""
    op.drop_table("codev_concern")
    op.drop_table("codev_entrance")
    op.drop_constraint(op.f("ck_college_entry_notice_days"), "college")
    op.drop_column("college", "entry_notice_days")
    op.execute("delete from notification where kind like 'entrance_%'")
