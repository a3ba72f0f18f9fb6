"""Who waits for a seat while they follow the path in a cohort of any college: no seat is offered to them (BR-05)."""

from alembic import op

revision = "0052"
down_revision = "0051"
branch_labels = None
depends_on = None

APP = "escouade_app"
FUNCTION = """
create function enrolled_elsewhere(waited_for int) returns setof int
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select e.id from public.enrolment e
     where e.cohort_id = waited_for and e.state = 'waitlisted'
       and (session_user = current_user or e.college_id = any (public.acting_colleges()))
       and exists (select from public.enrolment o
                    where o.person_id = e.person_id and o.curriculum_slug = e.curriculum_slug
                      and o.state in ('admitted', 'active', 'on_leave'))
$$
"""
"""For jobs, which run as the owner, and for requests on a cohort of the actor's colleges: who, never where."""


def upgrade() -> None:
    """Create the function; requests may ask it."""
    op.execute(FUNCTION)
    op.execute("revoke all on function enrolled_elsewhere(int) from public")
    op.execute(f"grant execute on function enrolled_elsewhere(int) to {APP}")


def downgrade() -> None:
    """Drop the function."""
    op.execute("drop function enrolled_elsewhere(int)")
