"""The protocol that each codevelopment group follows, and the variant that each consultation took."""

import sqlalchemy as sa
from alembic import op

revision = "0074"
down_revision = "0073"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Groups that exist follow the first protocol; their consultations were of the usual length."""
    first = sa.Column("protocol_version", sa.String(length=20), server_default="1.0", nullable=False)
    op.add_column("codev_group", first)
    op.alter_column("codev_group", "protocol_version", server_default=None)
    usual = sa.Column("protocol", sa.String(length=40), server_default="standard", nullable=False)
    op.add_column("codev_turn", usual)
    op.create_check_constraint(op.f("ck_codev_turn_variant"), "codev_turn", "protocol in ('standard', 'express')")


def downgrade() -> None:
    """Forget which protocol was followed."""
    op.drop_column("codev_turn", "protocol")
    op.drop_column("codev_group", "protocol_version")
