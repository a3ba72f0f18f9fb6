"""Let a person have one name only: no first name; no name is an empty text."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

FIRST_NAMES = (("person", "legal_first_name"), ("name_change", "former_first_name"))
NAMES = (*FIRST_NAMES, ("person", "legal_last_name"), ("person", "chosen_name"), ("name_change", "former_last_name"))


def upgrade() -> None:
    """Make first names optional, and refuse empty texts from now on; names that are stored stay as they are."""
    for table, column in FIRST_NAMES:
        op.alter_column(table, column, existing_type=sa.String(100), nullable=True)
        op.execute(f"update {table} set {column} = null where {column} = ''")  # noqa: S608 - names of ours
    op.execute("update person set chosen_name = null where chosen_name = ''")
    for table, column in NAMES:
        op.create_check_constraint(op.f(f"ck_{table}_{column}_not_empty"), table, f"{column} <> ''")


def downgrade() -> None:
    """Require first names again; a single name becomes both."""
    for table, column in NAMES:
        op.drop_constraint(op.f(f"ck_{table}_{column}_not_empty"), table)
    for table, column in FIRST_NAMES:
        last = column.replace("first", "last")
        op.execute(f"update {table} set {column} = {last} where {column} is null")  # noqa: S608 - names of ours
        op.alter_column(table, column, existing_type=sa.String(100), nullable=False)
