"""What is done during codevelopment sessions, event by event."""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0079"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
ACTIONS = (
    "start", "next", "next_consultation", "pause", "resume", "more", "less", "here", "away", "swap", "express",
    "postpone", "finish", "undo",
)  # fmt: skip
REASONS = ("absence", "pass", "time", "technical", "quorum")


def upgrade() -> None:
    """Add the events; sessions held before have none."""
    op.create_table(
        "codev_live_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "action",
            sa.Enum(*ACTIONS, name="liveaction", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("membership_id", sa.Integer(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(*REASONS, name="turnreason", native_enum=False, create_constraint=True, length=40),
            nullable=True,
        ),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_by", sa.Integer(), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_codev_live_event_version")),
        sa.CheckConstraint(
            "(action in ('here', 'away')) = (membership_id is not null)",
            name=op.f("ck_codev_live_event_presence_of_someone"),
        ),
        sa.ForeignKeyConstraint(
            ["session_id", "college_id"],
            ["codev_session.id", "codev_session.college_id"],
            name=op.f("fk_codev_live_event_session_id_college_id_codev_session"),
        ),
        sa.ForeignKeyConstraint(
            ["membership_id", "college_id"],
            ["codev_membership.id", "codev_membership.college_id"],
            name=op.f("fk_codev_live_event_membership_id_college_id_codev_membership"),
        ),
        sa.ForeignKeyConstraint(["done_by"], ["person.id"], name=op.f("fk_codev_live_event_done_by_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_codev_live_event")),
        sa.UniqueConstraint("id", "college_id", name=op.f("uq_codev_live_event_id_college_id")),
        sa.UniqueConstraint("session_id", "version", name=op.f("uq_codev_live_event_session_id_version")),
    )
    for column in ("college_id", "membership_id", "done_by"):
        op.create_index(op.f(f"ix_codev_live_event_{column}"), "codev_live_event", [column])
    op.execute(f"grant select, insert on codev_live_event to {APP}")
    op.execute(f"grant usage on sequence codev_live_event_id_seq to {APP}")
    op.execute("alter table codev_live_event enable row level security")
    op.execute(f'create policy "select" on codev_live_event for select using ({MINE})')
    op.execute(f'create policy "insert" on codev_live_event for insert with check ({MINE})')


def downgrade() -> None:
    """Remove the events."""
    op.drop_table("codev_live_event")
