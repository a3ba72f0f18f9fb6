"""Venues where sessions are held: of a college, or of the whole network."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
READABLE = f"college_id is null or ({MINE})"
WRITABLE = f"(college_id is null and (select acting_may('network'))) or ({MINE})"


def upgrade() -> None:
    """Add the table; a venue of the network is read by all, and written with the right to."""
    op.create_table(
        "venue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("search_key", sa.String(length=600), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=False),
        sa.Column("city", sa.String(length=80), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("accessibility", sa.String(length=500), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_venue_college_id_college")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_venue")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_venue_id_college_id")),
    )
    for column in ("college_id", "search_key"):
        op.create_index(op.f(f"ix_venue_{column}"), "venue", [column])
    op.create_index(
        "uq_venue_name",
        "venue",
        [sa.text("coalesce(college_id, 0)"), "search_key"],
        unique=True,
        postgresql_where=sa.text("retired_at is null"),
    )
    changed = "name, search_key, address, city, timezone, accessibility, retired_at"
    op.execute(f"grant select, insert, update ({changed}) on venue to {APP}")
    op.execute(f"grant usage on sequence venue_id_seq to {APP}")
    op.execute("alter table venue enable row level security")
    op.execute(f'create policy "select" on venue for select using ({READABLE})')
    op.execute(f'create policy "insert" on venue for insert with check ({WRITABLE})')
    op.execute(f'create policy "update" on venue for update using ({WRITABLE}) with check ({WRITABLE})')


def downgrade() -> None:
    """Remove the venues."""
    op.drop_table("venue")
