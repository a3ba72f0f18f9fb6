"""The rights in a database, one line each: grants, row-level security and its policies, definer functions.

``rights.txt`` holds what the migrations make of them, written from a migrated database by ``make docs``. A restore
before the role exists leaves every grant out, and its program says so once, among other lines.
"""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Connection, text

from app.platform.database.session import APP_ROLE
from app.platform.errors import Reason

FILE = Path(__file__).with_name("rights.txt")
_HEAD = "# Written from the migrations by `make docs`: do not edit."
_RIGHTS = text(
    """
    with ours as (
      select n.oid, n.nspname as name, n.nspowner as owner, n.nspacl as acl from pg_namespace n
       where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    ), relation as (
      select c.oid, format('%I.%I', s.name, c.relname) as name, c.relowner as owner, c.relacl as acl, c.relkind,
             c.relrowsecurity, c.relforcerowsecurity
        from pg_class c join ours s on s.oid = c.relnamespace where c.relkind in ('r', 'p', 'v', 'm', 'S')
    ), granted as (
      select 'schema ' || name as object, owner, acl from ours
      union all
      select case relkind when 'S' then 'sequence ' else 'table ' end || name, owner, acl from relation
      union all
      select format('column %s.%I', r.name, a.attname), r.owner, a.attacl
        from relation r join pg_attribute a on a.attrelid = r.oid and a.attacl is not null and not attisdropped
      union all
      select format('function %I.%I(%s)', s.name, p.proname, pg_get_function_identity_arguments(p.oid)), p.proowner,
             coalesce(p.proacl, acldefault('f', p.proowner))
        from pg_proc p join ours s on s.oid = p.pronamespace
    )
    select format('grant %s on %s to %s%s', lower(e.privilege_type), g.object,
                  case when e.grantee = 0 then 'public' else quote_ident(pg_get_userbyid(e.grantee)) end,
                  case when e.is_grantable then ' with grant option' else '' end)
      from granted g, aclexplode(g.acl) e where e.grantee <> g.owner
       and not (g.object = 'schema public' and e.grantee = 0)
    union all
    select format('row security on %s%s', name, case when relforcerowsecurity then ', forced' else '' end)
      from relation where relrowsecurity
    union all
    select format('policy %I on %I.%I for %s to %s using (%s) with check (%s)', policyname, schemaname, tablename,
                  lower(cmd), array_to_string(roles, ', '), qual, with_check)
      from pg_policies
    union all
    select format('function %I.%I(%s) as its owner, %s', s.name, p.proname, pg_get_function_identity_arguments(p.oid),
                  array_to_string(p.proconfig, ', '))
      from pg_proc p join ours s on s.oid = p.pronamespace where p.prosecdef
    """
)
_GRANTEES = text(
    """
    select distinct pg_get_userbyid(d.refobjid) from pg_shdepend d
     where d.dbid = (select oid from pg_database where datname = current_database())
       and d.refclassid = 'pg_authid'::regclass and d.deptype in ('a', 'r') order by 1
    """
)


def read_rights(owner: Connection) -> frozenset[str]:
    """Return the rights in the database of a connection; those of the owners of objects are left out."""
    return frozenset(owner.execute(_RIGHTS).scalars())


def read_grantees(owner: Connection) -> tuple[str, ...]:
    """Return the roles that objects of the database give rights to, in alphabetical order."""
    return tuple(owner.execute(_GRANTEES).scalars())


# Compared with what the migrations make ----------------------------------------------------------


def _rights_of_requests(connection: Connection) -> frozenset[str]:
    """Return the rights that requests have, or everybody: those of other roles are their operator's affair."""
    to_requests = (f" to {APP_ROLE}", " to public")
    return frozenset(
        " ".join(line.split())
        for line in read_rights(connection)
        if not line.startswith("grant") or line.endswith(to_requests)
    )


@cache
def expected() -> frozenset[str]:
    """Return what the migrations of this version make."""
    return frozenset(line for line in FILE.read_text(encoding="utf-8").splitlines() if line != _HEAD)


def differences(connection: Connection) -> tuple[frozenset[str], frozenset[str]]:
    """Return the rights that are missing, and those that are there and that no migration gave."""
    found = _rights_of_requests(connection)
    return expected() - found, found - expected()


def rights_reasons(connection: Connection) -> list[Reason]:
    """Return how many rights are missing, and how many are there that no migration gave."""
    missing, added = differences(connection)
    counts = {"rights_missing": len(missing), "rights_added": len(added)}
    return [Reason(code, {"n": n, "role": APP_ROLE}) for code, n in counts.items() if n]


def put_back(owner: Connection) -> int:
    """Give the rights that are missing again and take away the others; return how many there were.

    Only at the newest migration: of another one, the list says nothing.
    """
    missing, added = differences(owner)
    statements = [*(_without(line) for line in sorted(added)), *(_with(line) for line in sorted(missing))]
    for statement in statements:
        if statement is not None:
            owner.exec_driver_sql(statement.replace("%", "%%"))
    return len(missing | added)


_COLUMN = re.compile(r"(grant|revoke) (\w+) on column (.+)\.([^.]+) (to|from) (\w+)")
_POLICY = re.compile(r"policy (\S+) on (\S+) (for \w+ to \S+) using \((.*)\) with check \((.*)\)")
_SECURITY = "row security on "


def _with(line: str) -> str | None:
    """Return the statement that makes a line true; ``None`` for what a function is, which only a migration makes."""
    if line.startswith("grant"):
        return _COLUMN.sub(r"\1 \2 (\4) on \3 \5 \6", line)
    if line.startswith(_SECURITY):
        return f"alter table {line.removeprefix(_SECURITY)} enable row level security"
    policy = _POLICY.fullmatch(line)
    if policy is None:
        return None
    name, table, whom, using, checked = policy.groups()
    conditions = (f" using ({using})" if using else "") + (f" with check ({checked})" if checked else "")
    return f"create policy {name} on {table} {whom}{conditions}"


def _without(line: str) -> str | None:
    """Return the statement that undoes a line, or ``None``."""
    if line.startswith("grant"):
        return _COLUMN.sub(r"\1 \2 (\4) on \3 \5 \6", line.replace("grant", "revoke", 1).replace(" to ", " from "))
    if line.startswith(_SECURITY):
        return f"alter table {line.removeprefix(_SECURITY)} disable row level security"
    return f"drop {line.split(' for ', maxsplit=1)[0]}" if line.startswith("policy") else None


def page(connection: Connection) -> str:
    """Return the content of :data:`FILE` for the database of a connection."""
    return "\n".join([_HEAD, *sorted(_rights_of_requests(connection))]) + "\n"
