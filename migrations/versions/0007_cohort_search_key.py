"""Give each cohort a stored search key: its list is searched and sorted by the database."""

import sqlalchemy as sa
from alembic import op

from app.cohorts.models import SEARCH_KEY, cohort_search_key

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and fill it in; its default lets the former version of the application insert meanwhile."""
    op.add_column("cohort", sa.Column("search_key", sa.String(length=SEARCH_KEY), server_default="", nullable=False))
    cohort = sa.table("cohort", *(sa.column(name) for name in ("id", "title", "code", "place", "search_key")))
    connection = op.get_bind()
    rows = connection.execute(sa.select(cohort.c.id, cohort.c.title, cohort.c.code, cohort.c.place)).all()
    for row in rows:
        key = cohort_search_key(row.title, row.code, row.place)
        connection.execute(sa.update(cohort).where(cohort.c.id == row.id).values(search_key=key))
    op.create_index("ix_cohort_search_key", "cohort", ["search_key"])


def downgrade() -> None:
    """Remove the column."""
    op.drop_index("ix_cohort_search_key", table_name="cohort")
    op.drop_column("cohort", "search_key")
