"""How a person gets e-mails: by kind of message, at what hours, in which language."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None

APP = "escouade_app"
OWN = "person_id = (select acting_person())"


def upgrade() -> None:
    """Add the table; each reads and writes their own row."""
    op.create_table(
        "mail_preference",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("choices", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("timezone", sa.String(length=40), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=True),
        sa.Column("quiet_until", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.CheckConstraint("quiet_from between 18 and 23", name=op.f("ck_mail_preference_quiet_from")),
        sa.CheckConstraint("quiet_until between 5 and 10", name=op.f("ck_mail_preference_quiet_until")),
        sa.CheckConstraint("language in ('fr', 'en')", name=op.f("ck_mail_preference_language")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_mail_preference_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_preference")),
        sa.UniqueConstraint("person_id", name=op.f("uq_mail_preference_person_id")),
    )
    op.execute(f"grant select, insert, update on mail_preference to {APP}")
    op.execute(f"grant usage on sequence mail_preference_id_seq to {APP}")
    op.execute("alter table mail_preference enable row level security")
    op.execute(f'create policy "select" on mail_preference for select using ({OWN})')
    op.execute(f'create policy "insert" on mail_preference for insert with check ({OWN})')
    op.execute(f'create policy "update" on mail_preference for update using ({OWN}) with check ({OWN})')


def downgrade() -> None:
    """Remove the preferences."""
    op.drop_table("mail_preference")
