"""The role that requests connect as: no owner, no member of one, nothing that passes row-level security."""

from contextlib import suppress
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.platform.database.connections import conninfo, engine_of
from app.platform.database.session import APP_ROLE
from app.platform.errors import Reason, Unavailable

OLDEST_SERVER = 15
"""The oldest major version of PostgreSQL that is supported."""
SETTING = "ESCOUADE_DATABASE_URL"
AT_ONCE = (psycopg.errors.InternalError_, psycopg.errors.UniqueViolation)
"""What a statement meets where another process changes the same role or database at the same moment."""

_SAFE = "nosuperuser nobypassrls nocreatedb nocreaterole noreplication"

_ROLE = text(
    """
    select current_setting('server_version_num')::int / 10000 as version, r.rolsuper, r.rolbypassrls, r.rolcreaterole,
           exists (select from pg_database d where d.datname = current_database() and d.datdba = r.oid)
             or exists (select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relowner = r.oid)
             as is_owner,
           (select string_agg(o.rolname, ', ' order by o.rolname) from pg_roles o
             where o.rolname not in (r.rolname, :app) and pg_has_role(r.oid, o.oid, 'member')) as member_of,
           exists (select from pg_roles a where a.rolname = :app and pg_has_role(r.oid, a.oid, 'usage')) as is_app,
           has_database_privilege(current_database(), 'temporary') as may_make_temporary,
           has_schema_privilege('public', 'create') as may_create,
           (select string_agg(s, ', ') from pg_db_role_setting d, unnest(d.setconfig) s where d.setrole = r.oid)
             as settings
      from pg_roles r where r.rolname = session_user
    """
)


def login_url(owner_url: str) -> str:
    """Return the address of the same database as the application role, for a server that asks no password."""
    address = make_url(owner_url)._replace(username=APP_ROLE, password=None)  # URL.set keeps what is set to None
    return address.render_as_string(hide_password=False)


def make_app_role(owner_url: str) -> None:
    """Make the role that holds the rights of requests, unless it is there: grants to a missing role would be lost.

    Raise ``Unavailable`` where the owner may not make roles.
    """
    with psycopg.connect(conninfo(owner_url), autocommit=True) as owner:
        if _is_new(owner, APP_ROLE):
            try:
                owner.execute(sql.SQL("create role {} nologin " + _SAFE).format(sql.Identifier(APP_ROLE)))
            except psycopg.errors.InsufficientPrivilege as error:
                detail = str(error).strip()
                raise Unavailable("login_role_refused", role=APP_ROLE, app=APP_ROLE, detail=detail) from error
            except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateObject):
                pass  # another process made it at the same moment


def make_login_role(owner_url: str, url: str) -> None:
    """Make sure that the role of ``url`` can log in with its password, as the application role or its member.

    Raise ``Unavailable`` where the owner may not make roles: its message says what a superuser has to run.
    """
    asked = make_url(url)
    role, password = asked.username or "", str(asked.password or "")
    with psycopg.connect(conninfo(owner_url), autocommit=True) as owner:
        close_to_objects(owner)
        skip_compilation(owner)
        if _can_log_in(url):
            return
        options: sql.Composable = sql.SQL("login " + _SAFE if _is_new(owner, role) else "login")
        if password:
            hashed = owner.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            options += sql.SQL(" password {}").format(hashed)
        verb = "create" if _is_new(owner, role) else "alter"
        try:
            owner.execute(sql.SQL("{} role {} {}").format(sql.SQL(verb), sql.Identifier(role), options))
            if role != APP_ROLE:
                owner.execute(sql.SQL("grant {} to {}").format(sql.Identifier(APP_ROLE), sql.Identifier(role)))
        except psycopg.errors.InsufficientPrivilege as error:
            raise Unavailable("login_role_refused", role=role, app=APP_ROLE, detail=str(error).strip()) from error
        except (*AT_ONCE, psycopg.errors.DuplicateObject):
            pass  # another process made or changed it at the same moment


def close_to_objects(owner: psycopg.Connection) -> None:
    """Keep requests from making objects of their own in this database: a copy of one has the usual rights again."""
    for right in ("temporary on database {}", "create on schema public"):
        with suppress(psycopg.errors.InsufficientPrivilege, *AT_ONCE):  # role_reasons reports it
            name = sql.Identifier(owner.info.dbname)
            owner.execute(sql.SQL(f"revoke {right} from public").format(name))


def skip_compilation(owner: psycopg.Connection) -> None:
    """Keep the server from compiling the plans of this database (``jit``): it takes longer than what it compiles.

    Triggers run short statements for each row of an import, and each was compiled. A copy or a restored database has
    the server's setting again; the embedded server never compiles.
    """
    row = owner.execute("select current_setting('jit')").fetchone()
    if row == ("off",):
        return
    with suppress(psycopg.errors.InsufficientPrivilege, *AT_ONCE):  # slower, no more
        name = sql.Identifier(owner.info.dbname)
        owner.execute(sql.SQL("alter database {} set jit = off").format(name))


def role_reasons(url: str) -> list[Reason]:
    """Return why requests would not be safe as the role of ``url``, or on its server; empty when they are."""
    role = _role(url)
    reasons = []
    if role.rolsuper or role.rolbypassrls or role.rolcreaterole:
        reasons.append(Reason("database_superuser", field=SETTING))
    elif role.is_owner:
        reasons.append(Reason("database_owner", field=SETTING))
    elif role.member_of:
        reasons.append(Reason("database_member", {"roles": role.member_of}, SETTING))
    elif not role.is_app:
        reasons.append(Reason("application_role", {"role": APP_ROLE}, SETTING))
    elif role.may_make_temporary or role.may_create:
        reasons.append(Reason("database_open_to_objects", field=SETTING))
    if role.version < OLDEST_SERVER:
        reasons.append(Reason("server_too_old", {"version": role.version, "oldest": OLDEST_SERVER}))
    return reasons


def role_setting_reasons(url: str) -> list[Reason]:
    """Return which settings the role of ``url`` has of its own: a role may change them, and its password, itself."""
    settings = _role(url).settings
    return [Reason("role_settings", {"settings": settings}, SETTING)] if settings else []


def _role(url: str) -> Any:  # noqa: ANN401 - a row of _ROLE
    engine = engine_of(url)
    with engine.connect() as connection:
        row = connection.execute(_ROLE, {"app": APP_ROLE}).one()
    engine.dispose()
    return row


def _can_log_in(url: str) -> bool:
    with suppress(psycopg.Error), psycopg.connect(conninfo(url), autocommit=True) as connection:
        return connection.execute("select pg_has_role(%s, 'usage')", [APP_ROLE]).fetchone() == (True,)
    return False


def _is_new(owner: psycopg.Connection, role: str) -> bool:
    return owner.execute("select from pg_roles where rolname = %s", [role]).fetchone() is None
