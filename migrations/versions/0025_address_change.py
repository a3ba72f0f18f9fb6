"""Change of an account's address by its owner: the links that wait, and since when an account has its address."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

APP = "escouade_app"
OF_ACCOUNT = "account_id = (select acting_account())"


def upgrade() -> None:
    """Add the column and the table, whose rows only an act of their account reaches."""
    op.add_column("account", sa.Column("email_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "address_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("letter_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_address_change_account_id_account")),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["letter.id"], name=op.f("fk_address_change_letter_id_letter"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_address_change")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_address_change_token_hash")),
    )
    for column in ("account_id", "letter_id"):
        op.create_index(op.f(f"ix_address_change_{column}"), "address_change", [column])
    op.execute(f"grant select, insert, update (ended_at) on address_change to {APP}")
    op.execute(f"grant usage on sequence address_change_id_seq to {APP}")
    op.execute("alter table address_change enable row level security")
    op.execute(f'create policy "select" on address_change for select using ({OF_ACCOUNT})')
    op.execute(f'create policy "insert" on address_change for insert with check ({OF_ACCOUNT})')
    op.execute(f'create policy "update" on address_change for update using ({OF_ACCOUNT}) with check ({OF_ACCOUNT})')


def downgrade() -> None:
    """Remove both; accounts keep the address that they have."""
    op.drop_table("address_change")
    op.drop_column("account", "email_since")
