"""Log whose hours in another college were read while a session was planned."""

from alembic import op

revision = "0058"
down_revision = "0057"
branch_labels = None
depends_on = None

BEFORE = (
    "enrolment", "progress", "evidence", "judgement", "certificate", "mandate", "report", "board", "application",
    "candidates", "hours", "name",
)  # fmt: skip


def upgrade() -> None:
    """Take another part of a file in the log of accesses."""
    _allow((*BEFORE, "timetable"))


def downgrade() -> None:
    """Take it no longer: its rows become reads of the enrolment, as nothing of the log is lost."""
    op.execute("update view_log set what = 'enrolment' where what = 'timetable'")
    _allow(BEFORE)


def _allow(parts: tuple[str, ...]) -> None:
    op.drop_constraint(op.f("ck_view_log_part"), "view_log", type_="check")
    op.create_check_constraint(op.f("ck_view_log_part"), "view_log", f"what in ({', '.join(map(repr, parts))})")
