"""Since when and why a college is closed; the names of the administrative regions in English."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

IN_ENGLISH = {
    "01": "Lower Saint Lawrence",
    "05": "Eastern Townships",
    "09": "North Shore",
    "10": "Northern Québec",
    "11": "Gaspé–Magdalen Islands",
    "15": "Laurentians",
    "17": "Central Québec",
}
"""Those whose name differs in English usage; the official names, in French, stay as they are."""


def upgrade() -> None:
    """Add the columns: every college is open, a region has its French name where English has no other."""
    op.add_column("college", sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("college", sa.Column("closed_reason", sa.String(length=500), nullable=True))
    op.create_check_constraint(op.f("ck_college_closed"), "college", "(closed_at is null) = (closed_reason is null)")
    op.add_column("region", sa.Column("name_en", sa.String(length=80), nullable=True))
    op.execute("update region set name_en = name")
    region = sa.table("region", sa.column("code", sa.String), sa.column("name_en", sa.String))
    for code, name in IN_ENGLISH.items():
        op.execute(sa.update(region).where(region.c.code == code).values(name_en=name))
    op.alter_column("region", "name_en", nullable=False)


def downgrade() -> None:
    """Remove the columns; closed colleges are open again."""
    op.drop_column("region", "name_en")
    op.drop_constraint(op.f("ck_college_closed"), "college", type_="check")
    op.drop_column("college", "closed_reason")
    op.drop_column("college", "closed_at")
