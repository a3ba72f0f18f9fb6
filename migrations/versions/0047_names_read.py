"""Log whose name was shown beside a list of people to invite."""

from alembic import op

revision = "0047"
down_revision = "0046"
branch_labels = None
depends_on = None

BEFORE = (
    "enrolment", "progress", "evidence", "judgement", "certificate", "mandate", "report", "board", "application",
    "candidates", "hours",
)  # fmt: skip


def upgrade() -> None:
    """Take another part of a file in the log of accesses."""
    _allow((*BEFORE, "name"))


def downgrade() -> None:
    """Take it no longer: its rows become reads of the enrolment, as nothing of the log is lost."""
    op.execute("update view_log set what = 'enrolment' where what = 'name'")
    _allow(BEFORE)


def _allow(parts: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_view_log_part"), "view_log", type_="check")
    op.create_check_constraint(op.f("ck_view_log_part"), "view_log", f"what in ({', '.join(map(repr, parts))})")
