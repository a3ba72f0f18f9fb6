"""What the administrator of the service may do beside reading: let failed jobs run again, have letters tried now.

The right ``operation`` is sealed like the others. The end of the hash chain is shown under it too.
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

APP = "escouade_app"
MAY = "(select acting_may('operation'))"
OPEN = "(state = 'waiting' or state = 'retrying')"
"""A list with ``in`` reads otherwise once it was dumped and restored, and policies are compared by their text."""

RETRY = """
create or replace function queue.retry(failed bigint) returns boolean
language plpgsql security definer set search_path = queue, pg_temp
as $$
begin
{guard}    perform from procrastinate_jobs where id = failed and status = 'failed' for update;
    if not found then
        return false;
    end if;
    delete from failure where job_id = failed;
    perform procrastinate_retry_job_v2(failed, now(), null, null, null);
    return true;
end;
$$
"""
GUARD = """    if session_user <> current_user and not coalesce(public.acting_may('operation'), false) then
        return false;
    end if;
"""
LAST_SEAL = """
create function last_seal() returns table (seq bigint, mac text, sealed_at timestamptz)
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select seq, mac, sealed_at from public.audit_seal
     where (select public.acting_may('operation')) order by seq desc limit 1
$$
"""


def upgrade() -> None:
    """Ask for the right before a job runs again; let a letter that is still to be sent be due at once."""
    op.execute(RETRY.format(guard=GUARD))
    op.execute(f"grant update (due_at) on letter to {APP}")
    op.execute(f'create policy "update" on letter for update using ({MAY} and {OPEN}) with check ({MAY} and {OPEN})')
    op.create_index(op.f("ix_letter_created_at"), "letter", ["created_at"])
    op.execute(LAST_SEAL)
    op.execute("revoke all on function last_seal() from public")
    op.execute(f"grant execute on function last_seal() to {APP}")


def downgrade() -> None:
    """Let requests ask that any failed job run again, and change no letter."""
    op.execute("drop function last_seal()")
    op.drop_index(op.f("ix_letter_created_at"), table_name="letter")
    op.execute('drop policy "update" on letter')
    op.execute(f"revoke update (due_at) on letter from {APP}")
    op.execute(RETRY.format(guard=""))
