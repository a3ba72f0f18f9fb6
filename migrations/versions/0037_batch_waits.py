"""What a batch of certificates waits for, as a full disk."""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

APP = "escouade_app"


def upgrade() -> None:
    """Add the code of what it waits for."""
    kind = sa.Enum(
        "storage_full", "storage_away", name="batchwait", native_enum=False, length=40, create_constraint=True
    )
    op.add_column("batch", sa.Column("waits_for", kind, nullable=True))
    op.execute(f"grant update (waits_for) on batch to {APP}")


def downgrade() -> None:
    """Remove it; a batch that waits goes on as before."""
    op.drop_column("batch", "waits_for")
