"""Keep the sums of reports and indicators, by cohort and by project, college and region.

``report_sum`` is a ledger: each change adds rows, and a sum is that of its rows, so that no write waits for another's.
``compact_report_sums`` adds up the rows of a place. A person counts once in a project, in the cohort of their first
enrolment there that was followed, is active or completed (BR-15): ``project_person`` keeps which, under a lock.
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
MINUTES = (
    "planned_minutes", "recognised_minutes", "attended_minutes", "attendance_base_minutes", "modules_done",
    "modules_total",
)  # fmt: skip
"""The columns of progress that reports sum up."""
SUMS = ("enrolments", *MINUTES, "certificates", "people", "people_active", "people_completed")
COLUMNS = ", ".join(SUMS)
SIX = ", ".join(MINUTES)
ZEROS = ", ".join("0" for _ in MINUTES)

PEOPLE = """
    with followed as (
      select c.project_id, e.person_id, e.cohort_id, e.id, e.state
        from public.enrolment e join public.cohort c on c.id = e.cohort_id
       where public.is_followed(e.state) and {0}
    )
    select f.project_id, f.person_id,
           (array_agg(f.cohort_id order by f.id))[1],
           (array_agg(f.cohort_id order by f.id) filter (where f.state = 'active'))[1],
           (array_agg(f.cohort_id order by f.id) filter (where f.state = 'completed'))[1]
      from followed f group by f.project_id, f.person_id
"""
COMPUTED = f"""
    with entry (cohort_id, {COLUMNS}) as (
      select e.cohort_id, 1, {", ".join(f"coalesce(p.{name}, 0)" for name in MINUTES)}, 0, 0, 0, 0
        from public.enrolment e left join public.progress p on p.enrolment_id = e.id where public.is_followed(e.state)
      union all
      select e.cohort_id, 0, {ZEROS}, 1, 0, 0, 0
        from public.certificate t join public.enrolment e on e.id = t.enrolment_id where t.state = 'valid'
      union all
      select v.cohort_id, 0, {ZEROS}, 0, v.people, v.active, v.completed
        from public.people_of_projects() p
       cross join lateral (values (p.enrolled_in, 1, 0, 0), (p.active_in, 0, 1, 0), (p.completed_in, 0, 0, 1))
             v(cohort_id, people, active, completed)
       where v.cohort_id is not null
    )
    select c.project_id, c.college_id, c.region_code::text, level.cohort_id,
           {", ".join(f"coalesce(sum(e.{name}), 0)::bigint" for name in SUMS)}
      from public.cohort c left join entry e on e.cohort_id = c.id
     cross join unnest(array[c.id, null]) level(cohort_id)
     group by c.project_id, c.college_id, c.region_code, level.cohort_id
"""  # noqa: S608 - our own constants
PLACED = f"project_id int, college_id int, region_code text, cohort_id int, {', '.join(f'{n} bigint' for n in SUMS)}"
WHERE = "project_id int, person_id int, enrolled_in int, active_in int, completed_in int"
QUESTIONS = {
    "is_followed(state text) returns boolean language sql immutable": "select state not in ('applied', 'refused')",
    f"people_of_projects() returns table ({WHERE}) language sql stable": PEOPLE.format("true"),
    f"person_of_project(project int, person int) returns table ({WHERE}) language sql stable": PEOPLE.format(
        "c.project_id = project and e.person_id = person"
    ),
    f"computed_report_sums() returns table ({PLACED}) language sql stable": COMPUTED,
}
"""What is counted, and how: the triggers and ``escouade recount`` ask the same functions."""

SUMMANDS = ", ".join(f"{name} bigint default 0" for name in SUMS)
VERBS = {
    f"add_to_report(of_cohort int, {SUMMANDS}) returns void language sql": f"""
        insert into public.report_sum (project_id, college_id, region_code, cohort_id, {COLUMNS})
          select c.project_id, c.college_id, c.region_code, level.cohort_id,
                 {", ".join(f"add_to_report.{name}" for name in SUMS)}
            from public.cohort c cross join unnest(array[c.id, null]) level(cohort_id) where c.id = of_cohort
    """,  # noqa: S608
    "count_enrolment(enrolment int, of_cohort int, sign int) returns void language sql": f"""
        select public.add_to_report(of_cohort, sign, {", ".join(f"sign * coalesce(p.{name}, 0)" for name in MINUTES)})
          from (select enrolment as id) e left join public.progress p on p.enrolment_id = e.id
    """,  # noqa: S608
    "count_person(project int, person int) returns void language plpgsql": """
        declare
          before public.project_person;
          after record;
        begin
          insert into public.project_person (project_id, person_id) values (project, person) on conflict do nothing;
          select * into before from public.project_person k
           where k.project_id = project and k.person_id = person for no key update;
          select * into after from (values (1)) one left join public.person_of_project(project, person) on true;
          perform public.add_to_report(
                    d.cohort_id, people => d.people, people_active => d.active, people_completed => d.completed)
             from (select v.cohort_id, sum(v.people) as people, sum(v.active) as active, sum(v.completed) as completed
                     from (values (before.enrolled_in, -1, 0, 0), (after.enrolled_in, 1, 0, 0),
                                  (before.active_in, 0, -1, 0), (after.active_in, 0, 1, 0),
                                  (before.completed_in, 0, 0, -1), (after.completed_in, 0, 0, 1))
                          v(cohort_id, people, active, completed)
                    where v.cohort_id is not null group by v.cohort_id) d
            where (d.people, d.active, d.completed) <> (0, 0, 0);
          update public.project_person k
             set enrolled_in = after.enrolled_in, active_in = after.active_in, completed_in = after.completed_in
           where k.id = before.id;
        end
    """,
    "compact_report_sums() returns void language sql": f"""
        with gone as (
          delete from public.report_sum r using (
            select project_id, college_id, region_code, cohort_id from public.report_sum
             group by project_id, college_id, region_code, cohort_id having count(*) > 1) g
           where (r.project_id, r.college_id, r.region_code) = (g.project_id, g.college_id, g.region_code)
             and r.cohort_id is not distinct from g.cohort_id
          returning r.*
        )
        insert into public.report_sum (project_id, college_id, region_code, cohort_id, {COLUMNS})
          select project_id, college_id, region_code, cohort_id, {", ".join(f"sum({name})" for name in SUMS)}
            from gone group by project_id, college_id, region_code, cohort_id
    """,  # noqa: S608
    "rebuild_report_sums() returns void language sql": """
        delete from public.project_person;
        insert into public.project_person (project_id, person_id, enrolled_in, active_in, completed_in)
          select * from public.people_of_projects();
        delete from public.report_sum;
        insert into public.report_sum (project_id, college_id, region_code, cohort_id, {COLUMNS})
          select * from public.computed_report_sums();
    """.replace("{COLUMNS}", COLUMNS),
}
TRIGGERS = {
    "cohort_reported": ("cohort", "insert or update of project_id, region_code", "for each row", """
        begin
          if tg_op = 'INSERT' then
            perform public.add_to_report(new.id);
          elsif (new.project_id, new.region_code) <> (old.project_id, old.region_code) then
            raise 'a cohort keeps its project and its region, under which its people are counted';
          end if;
          return null;
        end
    """),
    "enrolment_reported": ("enrolment", "insert or delete or update of state, cohort_id, person_id", "for each row", """
        declare
          was boolean := tg_op <> 'INSERT' and public.is_followed(old.state);
          is_now boolean := tg_op <> 'DELETE' and public.is_followed(new.state);
          moved boolean := tg_op = 'UPDATE' and old.cohort_id <> new.cohort_id;
          certificates int;
        begin
          if tg_op = 'UPDATE' and (old.state, old.cohort_id, old.person_id) = (new.state, new.cohort_id, new.person_id)
          then
            return null;
          end if;
          if was and (moved or not is_now) then
            perform public.count_enrolment(old.id, old.cohort_id, -1);
          end if;
          if is_now and (moved or not was) then
            perform public.count_enrolment(new.id, new.cohort_id, 1);
          end if;
          if moved then
            select count(*) into certificates from public.certificate t
             where t.enrolment_id = new.id and t.state = 'valid';
            perform public.add_to_report(old.cohort_id, certificates => -certificates);
            perform public.add_to_report(new.cohort_id, certificates => certificates);
          end if;
          if was then
            perform public.count_person(c.project_id, old.person_id) from public.cohort c where c.id = old.cohort_id;
          end if;
          if is_now then
            perform public.count_person(c.project_id, new.person_id) from public.cohort c where c.id = new.cohort_id;
          end if;
          return null;
        end
    """),
    "certificate_reported": ("certificate", "insert or update of state, enrolment_id", "for each row", """
        begin
          if tg_op = 'UPDATE' and old.state = 'valid' then
            perform public.add_to_report(e.cohort_id, certificates => -1)
               from public.enrolment e where e.id = old.enrolment_id;
          end if;
          if new.state = 'valid' then
            perform public.add_to_report(e.cohort_id, certificates => 1)
               from public.enrolment e where e.id = new.enrolment_id;
          end if;
          return null;
        end
    """),
    "new_progress_reported": ("progress", "insert",
                              "referencing new table as new_rows for each statement", ""),
    "progress_reported": ("progress", "update",
                          "referencing old table as old_rows new table as new_rows for each statement", ""),
}  # fmt: skip
"""By function: its table, when it runs, for what, and what it does."""

CHANGED = {
    "new_progress_reported": "select enrolment_id, {0} from new_rows",
    "progress_reported": "select enrolment_id, {0} from new_rows union all select enrolment_id, {1} from old_rows",
}


def progress_reported(changed: str) -> str:
    """Return the body of a trigger that adds up what a statement changed of progress, by cohort."""
    rows = changed.format(SIX, ", ".join(f"-{name}" for name in MINUTES))
    return f"""
        begin
          perform public.add_to_report(d.cohort_id, 0, {SIX})
             from (select e.cohort_id, {", ".join(f"sum({name})::bigint as {name}" for name in MINUTES)}
                     from ({rows}) r join public.enrolment e on e.id = r.enrolment_id
                    where public.is_followed(e.state) group by e.cohort_id) d
            where ({SIX}) <> ({ZEROS});
          return null;
        end
    """  # noqa: S608


FIGURES = "region_code text, enrolled bigint, active bigint, completed bigint, certificates bigint, " \
          "recognised_minutes bigint, enterprises bigint"  # fmt: skip
OBSERVED = """
    exists (select from public.role_held h
             where h.person_id = public.acting_person()
               and h.role = 'observer' and h.project_id = asked and h.ended_at is null)
"""
INDICATORS = f"""
    select region_code::text, sum(people)::bigint, sum(people_active)::bigint, sum(people_completed)::bigint,
           sum(certificates)::bigint, sum(recognised_minutes)::bigint, sum(enterprises)::bigint
      from (
        select region_code, people, people_active, people_completed, certificates, recognised_minutes, 0 as enterprises
          from public.report_sum where project_id = asked and cohort_id is null
        union all
        select region_code, 0, 0, 0, 0, 0, enterprises
          from public.accompanied_count where project_id = asked and enterprises <> 0
      ) kept
     where {OBSERVED}
     group by region_code order by region_code
"""  # noqa: S608
COUNTED = f"""
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
                    join public.milestone_confirmation k on k.milestone_id = s.id where s.mandate_id = m.id
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
      from counted where {OBSERVED} group by region_code order by region_code
"""  # noqa: S608
"""The indicators as they were counted at each reading."""


def upgrade() -> None:
    """Create what is kept, count it, keep it from then on, and let the indicators read it."""
    op.execute("lock table cohort, enrolment, progress, certificate in share row exclusive mode")
    create_tables()
    for signature, body in QUESTIONS.items():
        function(signature, body, "")
    for signature, body in VERBS.items():
        function(signature, body)
    op.execute("select rebuild_report_sums()")
    for name, (table, when, each, body) in TRIGGERS.items():
        function(f"{name}() returns trigger language plpgsql", body or progress_reported(CHANGED[name]))
        op.execute(f"create trigger {name} after {when} on {table} {each} execute function {name}()")
    op.execute(f"create or replace function project_indicators(asked int) returns table ({FIGURES}) language sql stable"
               f" security definer set search_path = pg_catalog, pg_temp as $$ {INDICATORS} $$")  # fmt: skip


def create_tables() -> None:
    """Create the ledger, and where each person of a project counts."""
    op.create_table(
        "report_sum",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("region_code", sa.String(length=2), nullable=False),
        sa.Column("cohort_id", sa.Integer(), nullable=True),
        *(sa.Column(name, sa.BigInteger(), server_default="0", nullable=False) for name in SUMS),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_sum")),
    )
    op.create_index(op.f("ix_report_sum_cohort_id"), "report_sum", ["cohort_id"])
    for column in ("project_id", "college_id"):
        op.create_index(op.f(f"ix_report_sum_{column}"), "report_sum", [column],
                        postgresql_where=sa.text("cohort_id is null"))  # fmt: skip
    op.create_table(
        "project_person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in ("enrolled_in", "active_in", "completed_in")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_person")),
        sa.UniqueConstraint("project_id", "person_id", name=op.f("uq_project_person_project_id_person_id")),
    )
    op.execute(f"grant select on report_sum to {APP}")
    op.execute(f'create policy "select" on report_sum for select using ({MINE})')
    for table in ("report_sum", "project_person"):
        op.execute(f"alter table {table} enable row level security")


def function(signature: str, body: str, rights: str = "security definer") -> None:
    """Create a function that nobody but the tables' owner calls."""
    op.execute(f"create function {signature} {rights} set search_path = pg_catalog, pg_temp as $$ {body} $$")
    op.execute(f"revoke all on function {signature.split('(', maxsplit=1)[0]} from public")


def downgrade() -> None:
    """Remove them; the indicators are counted again."""
    op.execute(f"create or replace function project_indicators(asked int) returns table ({FIGURES}) language sql stable"
               f" security definer set search_path = pg_catalog, pg_temp as $$ {COUNTED} $$")  # fmt: skip
    for name, (table, *_) in TRIGGERS.items():
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    for signature in (*reversed(VERBS), *reversed(QUESTIONS)):
        op.execute(f"drop function {signature.split('(', maxsplit=1)[0]}")
    op.drop_table("project_person")
    op.drop_table("report_sum")
