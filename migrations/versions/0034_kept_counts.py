"""Keep the seats taken in a cohort, whether a mandate and an enterprise are accompanied, and how many enterprises are.

Triggers keep them in the transaction that changes what they count, each under the lock of the row that it writes: they
are counted again from what that lock lets them see, so that two transactions at once cannot both miss the other's.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
FUNCTIONS = {
    "is_seated(state text) returns boolean language sql immutable": """
        select state in ('admitted', 'active', 'on_leave', 'completed', 'incomplete')
    """,
    "mandate_is_accompanied(asked int) returns boolean language sql stable": """
        select 3 = (
          select count(distinct s.kind)
            from public.mandate_milestone s join public.milestone_confirmation f on f.milestone_id = s.id
           where s.mandate_id = asked
             and not exists (select from public.mandate_milestone l where l.supersedes_id = s.id))
    """,
    "enterprise_is_accompanied(asked int) returns boolean language sql stable": """
        select exists (select from public.mandate m where m.enterprise_id = asked and m.accompanied)
    """,
    "enterprise_identity(neq text, id int) returns text language sql immutable": """
        select coalesce(neq, 'id ' || id::text)
    """,
    "first_accompanied(project int, asked text) returns setof public.enterprise language sql stable": """
        select n.* from public.enterprise n
         where public.enterprise_identity(n.neq, n.id) = asked
           and exists (select from public.mandate m
                        where m.enterprise_id = n.id and m.project_id = project and m.accompanied)
         order by n.id limit 1
    """,
    "add_accompanied(college int, project int, region text, n int) returns void language sql": """
        insert into public.accompanied_count as c (college_id, project_id, region_code, enterprises)
          values (college, project, region, n)
          on conflict (college_id, project_id, region_code) do update set enterprises = c.enterprises + n
    """,
}
"""What is counted, and how: the triggers and ``escouade recount`` ask the same functions."""

TRIGGERS = {
    "enrolment_seated": ("enrolment", "insert or delete or update of state, cohort_id", """
        begin
          if tg_op = 'UPDATE' and old.cohort_id = new.cohort_id
             and public.is_seated(old.state) = public.is_seated(new.state)
          then
            return null;
          end if;
          if tg_op <> 'INSERT' and public.is_seated(old.state) then
            update public.cohort set seated = seated - 1 where id = old.cohort_id;
          end if;
          if tg_op <> 'DELETE' and public.is_seated(new.state) then
            update public.cohort set seated = seated + 1 where id = new.cohort_id;
          end if;
          return null;
        end
    """),
    "milestone_counted": ("mandate_milestone", "insert", """
        begin
          perform public.count_mandate(new.mandate_id);
          return null;
        end
    """),
    "confirmation_counted": ("milestone_confirmation", "insert", """
        begin
          perform public.count_mandate(s.mandate_id) from public.mandate_milestone s where s.id = new.milestone_id;
          return null;
        end
    """),
    "mandate_counted": ("mandate", "update of accompanied, enterprise_id, project_id", """
        begin
          perform public.count_enterprise(old.enterprise_id, old.project_id);
          if (new.enterprise_id, new.project_id) <> (old.enterprise_id, old.project_id) then
            perform public.count_enterprise(new.enterprise_id, new.project_id);
          end if;
          return null;
        end
    """),
    "enterprise_counted": ("enterprise", "update of neq, region_code", """
        declare project int;
        begin
          if (new.neq, new.region_code) is distinct from (old.neq, old.region_code) then
            for project in select distinct m.project_id from public.mandate m
                            where m.enterprise_id = new.id and m.accompanied order by 1
            loop
              perform public.count_in_project(project, public.enterprise_identity(old.neq, old.id));
              perform public.count_in_project(project, public.enterprise_identity(new.neq, new.id));
            end loop;
          end if;
          return null;
        end
    """),
}  # fmt: skip
COUNTS = {
    "count_mandate(asked int)": """
        begin
          perform from public.mandate m where m.id = asked for no key update;
          update public.mandate m set accompanied = not m.accompanied
           where m.id = asked and m.accompanied <> public.mandate_is_accompanied(asked);
        end
    """,
    "count_enterprise(asked int, project int)": """
        declare
          n public.enterprise;
          is_accompanied boolean;
        begin
          select * into n from public.enterprise e where e.id = asked for no key update;
          is_accompanied := public.enterprise_is_accompanied(asked);
          if is_accompanied <> n.accompanied then
            update public.enterprise e set accompanied = is_accompanied where e.id = asked;
            perform public.add_accompanied(n.college_id, null, null, case when is_accompanied then 1 else -1 end);
          end if;
          perform public.count_in_project(project, public.enterprise_identity(n.neq, n.id));
        end
    """,
    "count_in_project(project int, asked text)": """
        declare
          before public.accompanied_enterprise;
          after public.enterprise;
        begin
          insert into public.accompanied_enterprise (project_id, identity) values (project, asked)
            on conflict do nothing;
          select * into before from public.accompanied_enterprise a
           where a.project_id = project and a.identity = asked for no key update;
          select * into after from public.first_accompanied(project, asked);
          if (before.college_id, before.region_code) is not distinct from (after.college_id, after.region_code) then
            return;
          end if;
          if before.college_id is not null then
            perform public.add_accompanied(before.college_id, project, before.region_code, -1);
          end if;
          if after.college_id is not null then
            perform public.add_accompanied(after.college_id, project, after.region_code, 1);
          end if;
          update public.accompanied_enterprise a set college_id = after.college_id, region_code = after.region_code
           where a.id = before.id;
        end
    """,
}


def upgrade() -> None:
    """Create what is kept, count it, and keep it from then on."""
    op.execute(
        "lock table enrolment, cohort, mandate, mandate_milestone, milestone_confirmation, enterprise"
        " in share row exclusive mode"
    )  # fmt: skip - nothing changes between the count and the triggers
    op.add_column("cohort", sa.Column("seated", sa.Integer(), server_default="0", nullable=False))
    for table in ("mandate", "enterprise"):
        op.add_column(table, sa.Column("accompanied", sa.Boolean(), server_default="false", nullable=False))
    create_tables()
    for signature, body in FUNCTIONS.items():
        op.execute(f"create function {signature} set search_path = pg_catalog, pg_temp as $$ {body} $$")
    for signature, body in COUNTS.items():
        function(f"{signature} returns void", body)
    fill()
    for name, (table, when, body) in TRIGGERS.items():
        function(f"{name}() returns trigger", body)
        op.execute(f"create trigger {name} after {when} on {table} for each row execute function {name}()")
    for name in ("add_accompanied(int, int, text, int)", "first_accompanied(int, text)"):
        op.execute(f"revoke all on function {name} from public")
    op.create_index("ix_enterprise_identity", "enterprise", [sa.text("enterprise_identity(neq, id)")])
    op.create_index("ix_mandate_accompanied", "mandate", ["college_id"], postgresql_where=sa.text("accompanied"))


def create_tables() -> None:
    """Create the counts, and where each enterprise of a project counts."""
    op.create_table(
        "accompanied_enterprise",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("identity", sa.String(length=20), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=True),
        sa.Column("region_code", sa.String(length=2), nullable=True),
        sa.ForeignKeyConstraint(
            ["college_id"], ["college.id"], name=op.f("fk_accompanied_enterprise_college_id_college")
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_accompanied_enterprise_project_id_project")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accompanied_enterprise")),
        sa.UniqueConstraint("project_id", "identity", name=op.f("uq_accompanied_enterprise_project_id_identity")),
    )
    op.create_table(
        "accompanied_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("college_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("region_code", sa.String(length=2), nullable=True),
        sa.Column("enterprises", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["college_id"], ["college.id"], name=op.f("fk_accompanied_count_college_id_college")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_accompanied_count_project_id_project")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accompanied_count")),
        sa.UniqueConstraint("college_id", "project_id", "region_code", postgresql_nulls_not_distinct=True,
                            name=op.f("uq_accompanied_count_college_id_project_id_region_code")),
    )  # fmt: skip
    op.create_index(op.f("ix_accompanied_count_project_id"), "accompanied_count", ["project_id"])
    for table in ("accompanied_enterprise", "accompanied_count"):
        op.execute(f"grant select on {table} to {APP}")
        op.execute(f"alter table {table} enable row level security")
        op.execute(f'create policy "select" on {table} for select using ({MINE})')


def fill() -> None:
    """Count what is there."""
    op.execute("update cohort c set seated = e.n from (select cohort_id, count(*) as n from enrolment"
               " where is_seated(state) group by cohort_id) e where e.cohort_id = c.id")  # fmt: skip
    op.execute("update mandate set accompanied = true where mandate_is_accompanied(id)")
    op.execute("update enterprise set accompanied = true where enterprise_is_accompanied(id)")
    op.execute("insert into accompanied_count (college_id, enterprises)"
               " select college_id, count(*) from enterprise where accompanied group by college_id")  # fmt: skip
    op.execute("""
        insert into accompanied_enterprise (project_id, identity, college_id, region_code)
        select distinct on (m.project_id, enterprise_identity(n.neq, n.id))
               m.project_id, enterprise_identity(n.neq, n.id), n.college_id, n.region_code
          from enterprise n join mandate m on m.enterprise_id = n.id and m.accompanied
         order by m.project_id, enterprise_identity(n.neq, n.id), n.id
    """)
    op.execute("insert into accompanied_count (college_id, project_id, region_code, enterprises)"
               " select college_id, project_id, region_code, count(*) from accompanied_enterprise"
               " group by college_id, project_id, region_code")  # fmt: skip


def function(signature: str, body: str) -> None:
    """Create a function that runs as the tables' owner, and that nobody else calls."""
    op.execute(f"create function {signature} language plpgsql security definer set search_path = pg_catalog, pg_temp"
               f" as $$ {body} $$")  # fmt: skip
    op.execute(f"revoke all on function {signature.split(' returns ', maxsplit=1)[0]} from public")


def downgrade() -> None:
    """Remove them."""
    for name, (table, _, _) in TRIGGERS.items():
        op.execute(f"drop trigger {name} on {table}")
        op.execute(f"drop function {name}()")
    op.drop_index("ix_mandate_accompanied", table_name="mandate")
    op.drop_index("ix_enterprise_identity", table_name="enterprise")
    for signature in (*COUNTS, *(s.split(" returns ", maxsplit=1)[0] for s in reversed(FUNCTIONS))):
        op.execute(f"drop function {signature}")
    op.drop_table("accompanied_count")
    op.drop_table("accompanied_enterprise")
    for table in ("mandate", "enterprise"):
        op.drop_column(table, "accompanied")
    op.drop_column("cohort", "seated")
