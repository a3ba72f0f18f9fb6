"""The door for observers: a project's figures by region, and nothing about anyone.

``project_indicators`` runs as its owner, so that row-level security does not hide the colleges from
someone who holds a role in none; it answers only to who observes that project, and gives counts. Each
person and each enterprise counts once, in one region, so that regions add up to the project (BR-15).
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

APP = "escouade_app"


def upgrade() -> None:
    op.execute(
        """
        create function project_indicators(asked int)
        returns table (
          region_code text, enrolled bigint, active bigint, completed bigint, certificates bigint,
          recognised_minutes bigint, enterprises bigint
        )
        language sql stable security definer
        set search_path = pg_catalog, pg_temp
        as $$
          with followed as (
            select e.id, e.person_id, e.state, c.region_code
              from public.enrolment e join public.cohort c on c.id = e.cohort_id
             where c.project_id = asked and e.state not in ('applied', 'refused')
          ),
          counted as (
            select 'cohort' as kind, c.region_code, 0::bigint as n from public.cohort c where c.project_id = asked
            union all
            select 'enrolled', region_code, 1
              from (select distinct on (person_id) region_code from followed order by person_id, id) first
            union all
            select 'active', region_code, 1
              from (select distinct on (person_id) region_code from followed where state = 'active'
                     order by person_id, id) first
            union all
            select 'completed', region_code, 1
              from (select distinct on (person_id) region_code from followed where state = 'completed'
                     order by person_id, id) first
            union all
            select 'certificates', f.region_code, 1
              from public.certificate t join followed f on f.id = t.enrolment_id where t.state = 'valid'
            union all
            select 'minutes', f.region_code, p.recognised_minutes
              from public.progress p join followed f on f.id = p.enrolment_id
            union all
            select 'enterprises', region_code, 1
              from (
                select distinct on (coalesce(n.neq, 'id ' || n.id)) n.region_code
                  from public.enterprise n
                 where exists (
                   select from public.mandate m
                    where m.enterprise_id = n.id and m.project_id = asked
                      and 3 = (
                        select count(distinct s.kind) from public.mandate_milestone s
                         where s.mandate_id = m.id
                           and not exists (select from public.mandate_milestone l where l.supersedes_id = s.id)
                      )
                 )
                 order by coalesce(n.neq, 'id ' || n.id), n.id
              ) once
          )
          select region_code::text,
                 coalesce(sum(n) filter (where kind = 'enrolled'), 0)::bigint,
                 coalesce(sum(n) filter (where kind = 'active'), 0)::bigint,
                 coalesce(sum(n) filter (where kind = 'completed'), 0)::bigint,
                 coalesce(sum(n) filter (where kind = 'certificates'), 0)::bigint,
                 coalesce(sum(n) filter (where kind = 'minutes'), 0)::bigint,
                 coalesce(sum(n) filter (where kind = 'enterprises'), 0)::bigint
            from counted
           where exists (
             select from public.role_held h
              where h.person_id = nullif(current_setting('app.person_id', true), '')::int
                and h.role = 'observer' and h.project_id = asked and h.ended_at is null
           )
           group by region_code
           order by region_code
        $$
        """
    )
    op.execute("revoke all on function project_indicators(int) from public")
    op.execute(f"grant execute on function project_indicators(int) to {APP}")


def downgrade() -> None:
    op.execute("drop function project_indicators(int)")
