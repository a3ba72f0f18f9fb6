"""Let people check in again to a session that was moved: once an opening; close those left open by a move."""

from alembic import op

revision = "0056"
down_revision = "0055"
branch_labels = None
depends_on = None

ONCE_A_SESSION = ["session_id", "enrolment_id"]
ONCE_AN_OPENING = ["opening_id", "enrolment_id"]


def upgrade() -> None:
    """Check-ins are unique in an opening; one that was open when its session was last changed is closed since then."""
    op.drop_constraint(op.f("uq_check_in_session_id_enrolment_id"), "check_in")
    op.create_unique_constraint(op.f("uq_check_in_opening_id_enrolment_id"), "check_in", ONCE_AN_OPENING)
    op.execute(
        "update check_in_opening o set closed_at = c.changed_at, closed_by = c.changed_by from"
        " (select distinct on (session_id) session_id, changed_at, changed_by from session_change"
        " order by session_id, id desc) c"
        " where c.session_id = o.session_id and o.closed_at is null and c.changed_at > o.opened_at"
    )


def downgrade() -> None:
    """Keep the last check-in of each person to a session: the one to the session as it is planned now."""
    op.execute(
        "delete from check_in c using check_in later where later.session_id = c.session_id"
        " and later.enrolment_id = c.enrolment_id and later.id > c.id"
    )
    op.drop_constraint(op.f("uq_check_in_opening_id_enrolment_id"), "check_in")
    op.create_unique_constraint(op.f("uq_check_in_session_id_enrolment_id"), "check_in", ONCE_A_SESSION)
