"""Keep what a codevelopment session was before it was moved or changed."""

import sqlalchemy as sa
from alembic import op

revision = "0051"
down_revision = "0050"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
MODES = ("async", "onsite", "online", "hybrid", "field")
REASONS = ("quorum", "weather", "venue", "other")
CHANGE = "codev_session_change"


def upgrade() -> None:
    """Add the table, append-only."""
    op.create_table(
        CHANGE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(*REASONS, name="reason", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum(*MODES, name="mode", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("venue_id", sa.Integer(), nullable=True),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["changed_by"], ["person.id"], name=op.f(f"fk_{CHANGE}_changed_by_person")),
        sa.ForeignKeyConstraint(
            ["session_id", "college_id"],
            ["codev_session.id", "codev_session.college_id"],
            name=op.f(f"fk_{CHANGE}_session_id_college_id_codev_session"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{CHANGE}")),
        sa.UniqueConstraint("id", "college_id", name=op.f(f"uq_{CHANGE}_id_college_id")),
    )
    for indexed in ("college_id", "session_id", "venue_id"):
        op.create_index(op.f(f"ix_{CHANGE}_{indexed}"), CHANGE, [indexed])
    op.execute(
        f"create trigger venue_within_college before insert on {CHANGE}"
        " for each row execute function venue_within_college()"
    )
    op.execute(f"grant select, insert on {CHANGE} to {APP}")
    op.execute(f"grant usage on sequence {CHANGE}_id_seq to {APP}")
    op.execute(f"alter table {CHANGE} enable row level security")
    op.execute(f'create policy "select" on {CHANGE} for select using ({MINE})')
    op.execute(f'create policy "insert" on {CHANGE} for insert with check ({MINE})')


def downgrade() -> None:
    """Drop the history; sessions stay as they became."""
    op.drop_table(CHANGE)
