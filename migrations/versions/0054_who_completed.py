"""Who completed a path, in any college: the admission conditions of another path may ask for it."""

from alembic import op

revision = "0054"
down_revision = "0053"
branch_labels = None
depends_on = None

APP = "escouade_app"
FUNCTION = """
create function who_completed(people int[], paths text[]) returns setof int
language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select distinct e.person_id from public.enrolment e
     where e.person_id = any (people) and e.curriculum_slug = any (paths) and e.state = 'completed'
       and (session_user = current_user or e.person_id = public.acting_person()
            or exists (select from public.enrolment a
                        where a.person_id = e.person_id and a.college_id = any (public.acting_colleges())))
$$
"""
"""For oneself, and for people who have applied to a college of the actor: who, never where nor when."""


def upgrade() -> None:
    """Create the function; requests may ask it."""
    op.execute(FUNCTION)
    op.execute("revoke all on function who_completed(int[], text[]) from public")
    op.execute(f"grant execute on function who_completed(int[], text[]) to {APP}")


def downgrade() -> None:
    """Drop the function."""
    op.execute("drop function who_completed(int[], text[])")
