"""Keep a name in Latin letters for documents, for a legal name in letters that they cannot print."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

NOT_EMPTY = "ck_person_document_name_not_empty"


def upgrade() -> None:
    """Add the column."""
    op.add_column("person", sa.Column("document_name", sa.String(200), nullable=True))
    op.create_check_constraint(op.f(NOT_EMPTY), "person", "document_name <> ''")


def downgrade() -> None:
    """Remove it."""
    op.drop_column("person", "document_name")
