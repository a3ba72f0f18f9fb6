"""The parts of a project's targets by region; a target may be taken away."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

APP = "escouade_app"
KINDS = ("advisors", "enterprises", "regions")


def upgrade() -> None:
    """Add the table, read and written by all as the other tables of the network are."""
    kind = sa.Enum(*KINDS, name="targetkind", native_enum=False, length=40, create_constraint=True)
    op.create_table(
        "project_region_target",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=2), nullable=False),
        sa.Column("kind", kind, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.CheckConstraint("value > 0", name=op.f("ck_project_region_target_value")),
        sa.CheckConstraint("kind <> 'regions'", name=op.f("ck_project_region_target_parted")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_project_region_target_project_id_project")
        ),
        sa.ForeignKeyConstraint(
            ["region_code"], ["region.code"], name=op.f("fk_project_region_target_region_code_region")
        ),
        sa.PrimaryKeyConstraint("project_id", "region_code", "kind", name=op.f("pk_project_region_target")),
    )
    op.execute(f"grant select, insert, update (value), delete on project_region_target to {APP}")
    op.execute(f"grant delete on project_target to {APP}")


def downgrade() -> None:
    """Remove the parts; targets stay."""
    op.execute(f"revoke delete on project_target from {APP}")
    op.drop_table("project_region_target")
