"""Secret addresses where programs read a calendar, and the count of those that are guessed."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0045"
branch_labels = None
depends_on = None

APP = "escouade_app"
TABLE = "calendar_feed"
OWN = "person_id = (select acting_person())"
PRESENTED = "(secret_hash)::text = current_setting('app.presented', true)"
SCOPES = ("sign_in", "second_factor", "reset", "invitation", "oidc", "verify")


def upgrade() -> None:
    """Add the table: a person sees and ends their own; whoever presents a secret reads the row of it alone."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=True),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["cohort_id"], ["cohort.id"], name=op.f(f"fk_{TABLE}_cohort_id_cohort")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f(f"fk_{TABLE}_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
        sa.UniqueConstraint("secret_hash", name=op.f(f"uq_{TABLE}_secret_hash")),
    )
    for column in ("person_id", "cohort_id"):
        op.create_index(op.f(f"ix_{TABLE}_{column}"), TABLE, [column])
    op.execute(f"grant select, insert, update (ended_at) on {TABLE} to {APP}")
    op.execute(f"grant usage on sequence {TABLE}_id_seq to {APP}")
    op.execute(f"alter table {TABLE} enable row level security")
    op.execute(f'create policy "select" on {TABLE} for select using ({OWN} or {PRESENTED})')
    op.execute(f'create policy "insert" on {TABLE} for insert with check ({OWN})')
    op.execute(f'create policy "update" on {TABLE} for update using ({OWN}) with check ({OWN})')
    count_attempts(*SCOPES, "calendar")


def count_attempts(*scopes: str) -> None:
    """Replace the scopes in which attempts are counted."""
    named = ", ".join(f"'{scope}'" for scope in scopes)
    op.drop_constraint(op.f("ck_attempt_door"), "attempt")
    op.create_check_constraint(op.f("ck_attempt_door"), "attempt", f"door in ({named})")


def downgrade() -> None:
    """Drop the addresses: programs that follow one no longer find it."""
    op.execute("delete from attempt where door = 'calendar'")
    count_attempts(*SCOPES)
    op.drop_table(TABLE)
