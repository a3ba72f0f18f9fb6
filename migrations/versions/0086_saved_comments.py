"""Comments that assessors use again, which row-level security shows to their author alone."""

import sqlalchemy as sa
from alembic import op

revision = "0086"
down_revision = "0085"
branch_labels = None
depends_on = None

APP = "escouade_app"
OWN = "author_id = (select acting_person())"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "saved_comment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("search_key", sa.String(length=4200), nullable=False),
        sa.Column("text", sa.String(length=4000), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_saved_comment_author_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_comment")),
    )
    op.create_index(op.f("ix_saved_comment_author_id"), "saved_comment", ["author_id"])
    op.execute(f"grant select, insert, delete on saved_comment to {APP}")
    op.execute(f"grant usage on sequence saved_comment_id_seq to {APP}")
    op.execute("alter table saved_comment enable row level security")
    op.execute(f'create policy "select" on saved_comment for select using ({OWN})')
    op.execute(f'create policy "insert" on saved_comment for insert with check ({OWN})')
    op.execute(f'create policy "delete" on saved_comment for delete using ({OWN})')


def downgrade() -> None:
    """Remove the comments."""
    op.drop_table("saved_comment")
