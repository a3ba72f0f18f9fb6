"""Tell a revocation for cause from an error: for cause, no other certificate of the kind until someone lifts it.

Revocations of before are for cause: the form asked for a serious reason, and lifting one takes a minute.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

APP = "escouade_app"


def upgrade() -> None:
    """Add the ground, and who lifted what it forbids; the default lets the former version insert meanwhile."""
    ground = sa.Enum("error", "cause", name="revocationground", native_enum=False, length=40, create_constraint=True)
    op.add_column("revocation", sa.Column("ground", ground, server_default="cause", nullable=False))
    op.add_column("revocation", sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("revocation", sa.Column("lifted_by", sa.Integer(), nullable=True))
    op.add_column("revocation", sa.Column("lift_reason", sa.String(length=500), nullable=True))
    op.create_foreign_key(op.f("fk_revocation_lifted_by_person"), "revocation", "person", ["lifted_by"], ["id"])
    op.create_check_constraint(
        op.f("ck_revocation_lifted"),
        "revocation",
        "(lifted_at is null) = (lifted_by is null) and (lifted_at is null) = (lift_reason is null)"
        " and (lifted_at is null or (revoked and ground = 'cause'))",
    )
    op.execute(f"grant update (lifted_at, lifted_by, lift_reason) on revocation to {APP}")


def downgrade() -> None:
    """Remove the columns."""
    op.drop_constraint(op.f("ck_revocation_lifted"), "revocation")
    for column in ("lift_reason", "lifted_by", "lifted_at", "ground"):
        op.drop_column("revocation", column)
