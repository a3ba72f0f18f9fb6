"""Let anyone verify a certificate by its number and its short code: together they give the whole code."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

APP = "escouade_app"
SIGNATURE = "code_of_certificate(text, bytea)"


def upgrade() -> None:
    """Create the function that reads across colleges: a number alone, or a short code alone, gives nothing."""
    op.execute("""
        create function code_of_certificate(asked text, digest bytea) returns table (code text)
        language sql stable security definer set search_path = pg_catalog, pg_temp as $$
          select c.code::text from public.certificate c
           where c.number = asked and substring(sha256(convert_to(c.code, 'UTF8')), 1, 5) = digest
        $$
    """)
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to {APP}")


def downgrade() -> None:
    """Remove it."""
    op.execute(f"drop function {SIGNATURE}")
