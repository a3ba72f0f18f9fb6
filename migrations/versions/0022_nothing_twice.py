"""The database refuses twice the same: invitation unanswered, session, signatory, certificate awaited in a batch.

What stands twice already, from two requests at the same moment, is settled first:
- of equal unanswered invitations the newest stays, whose link was sent last, and the older are withdrawn;
- of equal sessions one stays, the one whose roll was called, else the oldest; the others are cancelled, with the
  reason. Where several rolls were called, their sessions stay: cancelling one would change what people attended;
- of equal signatories the one with a signature stays, else the oldest: documents keep what was printed on them;
- of equal awaited certificates the first stays; the later lines have the refusal that the worker would give them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

REASON = "Séance inscrite deux fois au même moment : l’autre reste."
OPEN_INVITATION = "used_at is null and withdrawn_at is null"
AWAITED = "certificate_id is null and refusal is null"


def upgrade() -> None:
    """Settle what stands twice, then add the constraints."""
    op.execute(
        f"""
        update invitation set withdrawn_at = now() where id in (
          select id from (select id, row_number() over (
              partition by email, role, college_id, cohort_id, project_id
              order by (expires_at > now()) desc, id desc) as place from invitation where {OPEN_INVITATION}) as ranked
           where place > 1)
        """  # noqa: S608 - our own text
    )
    op.create_index(
        "uq_invitation_one_open",
        "invitation",
        [
            "email",
            sa.text("coalesce(role, '')"),
            sa.text("coalesce(college_id, 0)"),
            sa.text("coalesce(cohort_id, 0)"),
            sa.text("coalesce(project_id, 0)"),
        ],
        unique=True,
        postgresql_where=sa.text(OPEN_INVITATION),
    )
    _settle_sessions()
    op.execute(
        """
        delete from signatory where id in (
          select id from (select id, row_number() over (
              partition by college_id, name, title, valid_from order by (image is not null) desc, id) as place
            from signatory) as ranked
           where place > 1)
        """
    )
    op.create_unique_constraint(
        op.f("uq_signatory_college_id_name_title_valid_from"),
        "signatory",
        ["college_id", "name", "title", "valid_from"],
    )
    op.execute(
        f"""
        update batch_item set refusal = '[{{"code": "certificate_awaited", "params": {{}}}}]' where id in (
          select id from (select id, row_number() over (partition by enrolment_id, kind order by id) as place
            from batch_item where {AWAITED}) as ranked
           where place > 1)
        """  # noqa: S608 - our own text
    )
    op.create_index(
        "uq_batch_item_one_awaited",
        "batch_item",
        ["enrolment_id", "kind"],
        unique=True,
        postgresql_where=sa.text(AWAITED),
    )


def _settle_sessions() -> None:
    op.add_column(
        "scheduled_session", sa.Column("repeated", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    ranked = """
        select s.id, r.called, row_number() over (
            partition by s.cohort_id, s.activity_code, s.starts_at order by r.called desc, s.id) as place
          from scheduled_session s
         cross join lateral (select exists (select from roll_call where session_id = s.id) as called) r
         where s.cancelled_at is null
    """
    op.execute(
        "update scheduled_session set repeated = true"  # noqa: S608 - our own text
        f" where id in (select id from ({ranked}) as ranked where place > 1 and called)"
    )
    cancel = sa.text(
        "update scheduled_session set cancelled_at = now(), cancel_reason = :reason"  # noqa: S608 - our own text
        f" where id in (select id from ({ranked}) as ranked where place > 1 and not called)"
    )
    op.execute(cancel.bindparams(reason=REASON))
    op.create_index(
        "uq_scheduled_session_once",
        "scheduled_session",
        ["cohort_id", "activity_code", "starts_at"],
        unique=True,
        postgresql_where=sa.text("cancelled_at is null and not repeated"),
    )


def downgrade() -> None:
    """Remove the constraints; what was settled stays so."""
    op.drop_index("uq_batch_item_one_awaited", table_name="batch_item")
    op.drop_constraint(op.f("uq_signatory_college_id_name_title_valid_from"), "signatory", type_="unique")
    op.drop_index("uq_scheduled_session_once", table_name="scheduled_session")
    op.drop_column("scheduled_session", "repeated")
    op.drop_index("uq_invitation_one_open", table_name="invitation")
