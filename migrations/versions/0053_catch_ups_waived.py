"""A missed workshop may be waived for a reason: it is not made up, and stays out of the attendance base."""

import sqlalchemy as sa
from alembic import op

revision = "0053"
down_revision = "0052"
branch_labels = None
depends_on = None

ADDED = {
    "done_supersedes": "done_on is null or supersedes_id is not null",
    "waived": "(due_on is null) = (waived_because is not null)",
    "done_or_waived": "done_on is null or waived_because is null",
}


def upgrade() -> None:
    """Let a catch-up be waived, and a decision replace the one before."""
    op.add_column("catch_up", sa.Column("waived_because", sa.String(length=500), nullable=True))
    op.alter_column("catch_up", "due_on", nullable=True)
    op.drop_constraint(op.f("ck_catch_up_done_supersedes"), "catch_up", type_="check")
    for name, condition in ADDED.items():
        op.create_check_constraint(op.f(f"ck_catch_up_{name}"), "catch_up", condition)


def downgrade() -> None:
    """Forget workshops that were waived or decided again: they are missed, and to be decided of."""
    op.execute(
        "delete from catch_up c using catch_up o where o.enrolment_id = c.enrolment_id"
        " and o.activity_code = c.activity_code"
        " and (o.waived_because is not null or (o.supersedes_id is not null and o.done_on is null))"
    )
    for name in ADDED:
        op.drop_constraint(op.f(f"ck_catch_up_{name}"), "catch_up", type_="check")
    op.drop_column("catch_up", "waived_because")
    op.alter_column("catch_up", "due_on", nullable=False)
    op.create_check_constraint(
        op.f("ck_catch_up_done_supersedes"), "catch_up", "(done_on is null) = (supersedes_id is null)"
    )
