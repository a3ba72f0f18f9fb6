"""Say that the functions which look a secret up give one row: else the planner expects a thousand, and scans people."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FUNCTIONS = ("sign_in_of(text)", "api_token_of(text)", "password_reset_account(text)")


def upgrade() -> None:
    """Expect one row of each."""
    for function in FUNCTIONS:
        op.execute(f"alter function {function} rows 1")


def downgrade() -> None:
    """Expect as many as of any function."""
    for function in FUNCTIONS:
        op.execute(f"alter function {function} rows 1000")
