"""The rights in a database, one line each: grants, row-level security and its policies, definer functions."""

from sqlalchemy import Connection, text

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
        from relation r join pg_attribute a on a.attrelid = r.oid and a.attacl is not null
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
