"""What waits, counted for whoever operates the service: numbers and moments alone, of every college."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

APP = "escouade_app"
BACKLOG = """
create function backlog() returns table (kind text, n bigint, since timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select 'letters_due', count(*), min(due_at) from public.letter
     where state in ('waiting', 'retrying') and due_at <= now()
    union all
    select 'letters_retried', count(*), min(created_at) from public.letter
     where state = 'retrying' and due_at > now()
    union all
    select 'letters_refused', count(*), min(stopped_at) from public.letter where state = 'refused'
    union all
    select 'letters_given_up', count(*), min(stopped_at) from public.letter where state = 'given_up'
    union all
    select 'batches', count(*), min(decided_at) from public.batch where finished_at is null
    union all
    select 'unsealed', count(*), min(at) from public.audit_entry
     where id > coalesce((select max(entry_id) from public.audit_seal), 0)
$$
"""


def upgrade() -> None:
    """Create the function; requests may ask it."""
    op.execute(BACKLOG)
    op.execute("revoke all on function backlog() from public")
    op.execute(f"grant execute on function backlog() to {APP}")


def downgrade() -> None:
    """Drop the function."""
    op.execute("drop function backlog()")
