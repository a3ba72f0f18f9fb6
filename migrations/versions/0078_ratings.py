"""Ratings of codevelopment sessions: an encrypted box a session, and who has answered."""

import sqlalchemy as sa
from alembic import op

revision = "0078"
down_revision = "0077"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
INSIDE = f"{MINE} and group_id = any ((select acting_groups())::int[])"


def upgrade() -> None:
    """Create the tables: a box is the group's alone; that someone answered is a fact of the college."""
    _table(
        "rating_box",
        (("group_id", "codev_group"), ("session_id", "codev_session")),
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("content_sealed", sa.Text(), nullable=True),
        sa.UniqueConstraint("session_id", name=op.f("uq_rating_box_session_id")),
        indexes=("college_id", "group_id"),
    )
    _table(
        "rating_answered",
        (("session_id", "codev_session"), ("membership_id", "codev_membership")),
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("membership_id", sa.Integer(), nullable=False),
        sa.UniqueConstraint("session_id", "membership_id", name=op.f("uq_rating_answered_session_id_membership_id")),
        indexes=("college_id", "membership_id"),
    )
    op.execute(f"grant select, insert, update (content_sealed) on rating_box to {APP}")
    op.execute(f'create policy "select" on rating_box for select using ({INSIDE})')
    op.execute(f'create policy "insert" on rating_box for insert with check ({INSIDE})')
    op.execute(f'create policy "update" on rating_box for update using ({INSIDE}) with check ({INSIDE})')
    op.execute(f"grant select, insert on rating_answered to {APP}")
    op.execute(f'create policy "select" on rating_answered for select using ({MINE})')
    op.execute(f'create policy "insert" on rating_answered for insert with check ({MINE})')


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
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("id", "college_id", name=op.f(f"uq_{name}_id_college_id")),
    )
    for column in indexes:
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    op.execute(f"grant usage on sequence {name}_id_seq to {APP}")
    op.execute(f"alter table {name} enable row level security")


def downgrade() -> None:
    """Drop them: what was answered is lost."""
    op.drop_table("rating_answered")
    op.drop_table("rating_box")
