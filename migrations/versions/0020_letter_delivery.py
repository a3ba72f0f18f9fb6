"""Delivery state of letters, why they were refused, whom they are for; an invitation refers to its letter."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

APP = "escouade_app"
STATES = ("waiting", "retrying", "sent", "refused", "given_up")
REASONS = (
    "mailbox_unknown", "mailbox_disabled", "mailbox_full", "domain_unknown", "address_refused", "address_unusable",
    "needs_smtputf8", "letter_refused", "letter_too_large", "letter_expired", "server_busy", "server_unreachable",
    "server_tls", "server_refuses_us",
)  # fmt: skip
READABLE = (
    "id, kind, person_id, masked, created_at, due_at, expires_at, tries, state, reason, status, sent_at, stopped_at"
)
"""What a request may read, of the letters to its person or with the right to: never a recipient nor a text."""
MASKED = "left(recipient, 1) || '…' || substr(recipient, strpos(recipient, '@'))"
READER = "person_id = (select acting_person()) or (select acting_may('letters'))"


def upgrade() -> None:
    """Add the columns, with the state that the existing letters are in."""
    op.add_column("letter", sa.Column("kind", sa.String(length=40), nullable=True))
    op.add_column("letter", sa.Column("person_id", sa.Integer(), nullable=True))
    op.add_column("letter", sa.Column("masked", sa.String(length=256), sa.Computed(MASKED, persisted=True)))
    op.add_column("letter", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("letter", sa.Column("state", sa.String(length=40), nullable=True))
    reason = sa.Enum(*REASONS, name="deliveryreason", native_enum=False, length=40, create_constraint=True)
    op.add_column("letter", sa.Column("reason", reason, nullable=True))
    op.add_column("letter", sa.Column("status", sa.String(length=20), nullable=True))
    op.add_column("letter", sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        """
        update letter set
          kind = case when subject like 'Invitation de %' then 'invitation'
                      when subject = 'Choisir un autre mot de passe' then 'reset'
                      when subject = 'Votre mot de passe a changé' then 'password_changed' else 'other' end,
          state = case when sent_at is not null then 'sent' when body = '' then 'given_up'
                       when tries > 0 then 'retrying' else 'waiting' end,
          reason = case when sent_at is null and tries > 0 then 'server_unreachable' end,
          stopped_at = case when sent_at is null and body = '' then due_at end,
          status = ''
        """
    )
    for column in ("kind", "state", "status"):
        op.alter_column("letter", column, nullable=False)
    op.create_check_constraint("letterstate", "letter", f"state in ({', '.join(repr(s) for s in STATES)})")
    op.create_check_constraint("sent", "letter", "(state = 'sent') = (sent_at is not null)")
    op.create_check_constraint("stopped", "letter", "(state in ('refused', 'given_up')) = (stopped_at is not null)")
    op.drop_column("letter", "last_error")
    op.drop_index("ix_letter_due_at", table_name="letter")
    op.create_index("ix_letter_state_due_at", "letter", ["state", "due_at"])
    op.create_index(op.f("ix_letter_person_id"), "letter", ["person_id"])
    op.execute(f"revoke select (id) on letter from {APP}")  # noqa: S608 - our own constants
    op.execute(f"grant select ({READABLE}) on letter to {APP}")
    op.execute("alter table letter enable row level security")
    op.execute(f'create policy "select" on letter for select using ({READER})')
    op.execute('create policy "insert" on letter for insert with check (true)')
    op.add_column("invitation", sa.Column("letter_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_invitation_letter_id"), "invitation", ["letter_id"])
    op.create_foreign_key(
        op.f("fk_invitation_letter_id_letter"), "invitation", "letter", ["letter_id"], ["id"], ondelete="SET NULL"
    )


def downgrade() -> None:
    """Remove the columns; what was refused counts as abandoned."""
    op.drop_column("invitation", "letter_id")
    op.execute('drop policy "select" on letter')
    op.execute('drop policy "insert" on letter')
    op.execute("alter table letter disable row level security")
    op.execute(f"revoke select ({READABLE}) on letter from {APP}")  # noqa: S608 - our own constants
    op.execute(f"grant select (id) on letter to {APP}")
    op.add_column("letter", sa.Column("last_error", sa.String(length=300), nullable=False, server_default=""))
    op.execute("update letter set last_error = coalesce(reason, '')")
    op.alter_column("letter", "last_error", server_default=None)
    op.drop_index("ix_letter_state_due_at", table_name="letter")
    for column in ("kind", "person_id", "masked", "expires_at", "state", "reason", "status", "stopped_at"):
        op.drop_column("letter", column)
    op.create_index("ix_letter_due_at", "letter", ["due_at"])
