"""Find people and enterprises by an inverted index of the words of their search keys.

A person is indexed once for the whole network, and once for each college where they have, or had, a role or an
enrolment. Triggers keep both indexes; nothing else writes them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

APP = "escouade_app"
MINE = (
    "college_id = any (string_to_array(current_setting('app.college_ids', true), ',')::int[])"
    " and college_id = any ((select acting_colleges())::int[])"
)
PARTS = """
    select distinct left(substr(w.word, i), 40)
      from regexp_split_to_table(key, '  ') with ordinality f(form, place)
      cross join lateral regexp_split_to_table(f.form, ' ') w(word)
      cross join lateral generate_series(
        1, case when f.place > 1 and strpos(f.form, ' ') = 0 then 1 else greatest(1, length(w.word) - 1) end) i
     where w.word <> ''
"""
"""The parts of the words of a key, two letters at least; of the words joined together, only the whole."""
COLLEGES = """
    select e.college_id from public.enrolment e where e.person_id = p.id
    union select r.college_id from public.role_held r where r.person_id = p.id and r.college_id is not null
    union select null
"""
REBUILD = f"""
    begin
      delete from public.person_word;
      insert into public.person_word (part, college_id, person_id)
        select w.part, c.college_id, p.id from public.person p cross join lateral ({COLLEGES}) c
         cross join lateral public.search_parts(p.search_key) w(part);
      delete from public.enterprise_word;
      insert into public.enterprise_word (part, college_id, enterprise_id)
        select w.part, e.college_id, e.id from public.enterprise e
         cross join lateral public.search_parts(e.search_key) w(part);
    end
"""  # noqa: S608 - our own constant
TRIGGERS = {
    "person_named": ("person", "after insert or update of search_key", f"""
        begin
          if tg_op = 'UPDATE' and new.search_key = old.search_key then
            return null;
          end if;
          delete from public.person_word where person_id = new.id;
          insert into public.person_word (part, college_id, person_id)
            select w.part, c.college_id, new.id
              from (select new.id) p(id) cross join lateral ({COLLEGES}) c
              cross join lateral public.search_parts(new.search_key) w(part);
          return null;
        end
    """),  # noqa: S608 - our own constant
    "enterprise_named": ("enterprise", "after insert or update of search_key", """
        begin
          if tg_op = 'UPDATE' and new.search_key = old.search_key then
            return null;
          end if;
          delete from public.enterprise_word where enterprise_id = new.id;
          insert into public.enterprise_word (part, college_id, enterprise_id)
            select part, new.college_id, new.id from public.search_parts(new.search_key) w(part);
          return null;
        end
    """),
    "person_joined": (None, "after insert", """
        begin
          if new.college_id is not null and not exists (
            select from public.person_word w where w.person_id = new.person_id and w.college_id = new.college_id)
          then
            insert into public.person_word (part, college_id, person_id)
              select w.part, new.college_id, w.person_id from public.person_word w
               where w.person_id = new.person_id and w.college_id is null;
          end if;
          return null;
        end
    """),
}  # fmt: skip
"""By function: its table (none: enrolments and roles), when it runs, what it does."""


def upgrade() -> None:
    """Create the indexes, what keeps them, and fill them."""
    op.execute(f"create function search_parts(key text) returns setof text language sql immutable as $$ {PARTS} $$")
    for table, row in (("person_word", "person"), ("enterprise_word", "enterprise")):
        op.create_table(
            table,
            sa.Column("id", sa.BigInteger(), nullable=False),
            sa.Column("part", sa.Text(collation="C"), nullable=False),
            sa.Column("college_id", sa.Integer(), nullable=row == "person"),
            sa.Column(f"{row}_id", sa.Integer(), nullable=False),
            link(table, row),
            sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        )
        op.execute(f"grant select on {table} to {APP}")
        op.execute(f"alter table {table} enable row level security")
        everywhere = "college_id is null or " if row == "person" else ""
        op.execute(f'create policy "select" on {table} for select using ({everywhere}({MINE}))')
    function("rebuild_search_words() returns void", REBUILD)
    for name, (table, when, body) in TRIGGERS.items():
        function(f"{name}() returns trigger", body)
        for on in (table,) if table else ("enrolment", "role_held"):
            op.execute(f"create trigger {name} {when} on {on} for each row execute function {name}()")
    op.execute("select rebuild_search_words()")
    for table, row in (("person_word", "person"), ("enterprise_word", "enterprise")):  # quicker once they are filled
        op.create_index(op.f(f"ix_{table}_part_college_id_{row}_id"), table, ["part", "college_id", f"{row}_id"])
        op.create_index(op.f(f"ix_{table}_{row}_id"), table, [f"{row}_id"])


def link(table: str, row: str) -> sa.ForeignKeyConstraint:
    """Return the foreign key of an index: an enterprise belongs to one college, a person to none."""
    columns = [f"{row}_id"] if row == "person" else [f"{row}_id", "college_id"]
    keys = [f"{row}.id", f"{row}.college_id"][: len(columns)]
    name = op.f(f"fk_{table}_{'_'.join(columns)}_{row}")
    return sa.ForeignKeyConstraint(columns, keys, name=name, ondelete="CASCADE")


def function(signature: str, body: str) -> None:
    """Create a function that runs as the tables' owner, and that nobody else calls."""
    op.execute(f"create function {signature} language plpgsql security definer set search_path = pg_catalog, pg_temp"
               f" as $$ {body} $$")  # fmt: skip
    op.execute(f"revoke all on function {signature.split(' ', maxsplit=1)[0]} from public")


def downgrade() -> None:
    """Remove them."""
    for name, (table, _, _) in TRIGGERS.items():
        for on in (table,) if table else ("enrolment", "role_held"):
            op.execute(f"drop trigger {name} on {on}")
        op.execute(f"drop function {name}()")
    op.execute("drop function rebuild_search_words()")
    op.drop_table("enterprise_word")
    op.drop_table("person_word")
    op.execute("drop function search_parts(text)")
