"""What people and a venue are taken by at some moments, in whichever college: hours alone outside one's own."""

from alembic import op

revision = "0049"
down_revision = "0048"
branch_labels = None
depends_on = None

APP = "escouade_app"
SIGNATURE = "busy_meanwhile(int[], int, timestamptz[], timestamptz[])"


def upgrade() -> None:
    """Create the function that reads across colleges, of people and venues that the acting colleges know."""
    op.execute("""
        create function busy_meanwhile(people int[], place int, starts timestamptz[], ends timestamptz[])
        returns table (slot int, person_id int, is_codev boolean, session_id int, cohort_id int, activity_code text,
                       starts_at timestamptz, planned_minutes int)
        language sql stable security definer set search_path = pg_catalog, pg_temp as $$
          with known as (
            select e.person_id from public.enrolment e
             where e.person_id = any (people) and e.college_id = any ((select public.acting_colleges())::int[])
            union
            select h.person_id from public.role_held h
             where h.person_id = any (people) and h.ended_at is null
               and h.college_id = any ((select public.acting_colleges())::int[])
          ), asked as (
            select x.n::int - 1 as slot, x.s, x.e from unnest(starts, ends) with ordinality as x(s, e, n)
          ), at_once as (
            select a.slot, false as is_codev, m.id, m.college_id, m.cohort_id, null::int as group_id, m.venue_id,
                   m.activity_code, m.starts_at, m.planned_minutes
              from asked a join public.scheduled_session m
                on m.starts_at < a.e and m.starts_at > a.s - interval '1 day'
               and m.starts_at + make_interval(mins => m.planned_minutes) > a.s
             where m.cancelled_at is null
            union all
            select a.slot, true, m.id, m.college_id, g.cohort_id, m.group_id, m.venue_id,
                   m.activity_code, m.starts_at, m.planned_minutes
              from asked a join public.codev_session m
                on m.starts_at < a.e and m.starts_at > a.s - interval '1 day'
               and m.starts_at + make_interval(mins => m.planned_minutes) > a.s
              join public.codev_group g on g.id = m.group_id
             where m.cancelled_at is null
          ), taken as (
            select o.*, e.person_id from at_once o join public.enrolment e
                on e.cohort_id = o.cohort_id and e.state in ('admitted', 'active', 'completed')
             where not o.is_codev and e.person_id = any (people)
            union
            select o.*, h.person_id from at_once o join public.role_held h
                on h.ended_at is null
               and ((o.is_codev and h.group_id = o.group_id)
                 or (not o.is_codev and h.cohort_id = o.cohort_id and h.role = 'trainer'))
             where h.person_id = any (people)
            union
            select o.*, null from at_once o join public.venue v on v.id = o.venue_id
             where v.id = place
               and (v.college_id is null or v.college_id = any ((select public.acting_colleges())::int[]))
          )
          select t.slot, t.person_id,
                 case when mine.it then t.is_codev end, case when mine.it then t.id end,
                 case when mine.it then t.cohort_id end, case when mine.it then t.activity_code end,
                 t.starts_at, t.planned_minutes
            from taken t
           cross join lateral (select t.college_id = any ((select public.acting_colleges())::int[]) as it) mine
           where t.person_id is null or t.person_id in (select k.person_id from known k)
           order by t.slot, t.starts_at, t.id, t.person_id
        $$
    """)
    op.execute(f"revoke all on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to {APP}")


def downgrade() -> None:
    """Remove it."""
    op.execute(f"drop function {SIGNATURE}")
