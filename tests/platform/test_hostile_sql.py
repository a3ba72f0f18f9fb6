"""SQL as an attacker would run it inside a request, on the connection of the request: what it gains is counted.

The attacker acts in a request of Alma's coordinator, as the role that requests connect as, in as many statements as
they want. A gain is a row that was out of reach, a row written, a right or an object.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.orm import sessionmaker
from sqlmodel import select

from app.features import METADATA
from app.identity.account.models import Account
from app.identity.roles.service import grant_role
from app.identity.sign_in.authentication import SIGN_IN, digest
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.service import create_sign_in
from app.platform.database.claims import Claims, key_id, sealed
from app.platform.database.session import Secret, Session, open_transaction, presenter
from app.platform.database.transaction import Addresses, Database
from app.platform.errors import Unavailable
from app.platform.messages.outbox import enqueue
from app.platform.security.permissions import TWO_FACTORS, Role
from tests.factories.engine import fail_job
from tests.factories.network import World, api_token, pending_token, token
from tests.server import driver_url

SECRETS = ("account_secret", "sign_in", "api_token", "recovery_code", "password_reset", "address_change", "invitation",
           "oidc_flow", "oidc_identity", "idempotent_request")  # fmt: skip
"""Tables of which a request sees nothing but for the act that needs it."""
UNGRANTED = ("claim_key", "audit_seal", "audit_values", "letter")
"""Tables that no request may read as a whole."""

REFUSED = {
    "become the owner": "set role {owner}",
    "become the owner for the session": "set session authorization {owner}",
    "become a superuser": "alter role current_user superuser",
    "pass row-level security": "alter role current_user bypassrls",
    "make roles": "create role eve login",
    "join the owner": "grant {owner} to current_user",
    "run a program": "copy college to program 'cat > /dev/null'",
    "run a program as input": "copy attempt from program 'echo'",
    "read a file": "select pg_read_file('/etc/passwd')",
    "copy from a file": "copy attempt from '/etc/passwd'",
    "list a folder": "select pg_ls_dir('.')",
    "import a file": "select lo_import('/etc/passwd')",
    "reach another server": "select dblink('dbname=postgres', 'select 1')",
    "install an extension": "create extension dblink",
    "write a function": "create function f() returns int language sql security definer as 'select 1'",
    "write a function for the session": "create function pg_temp.f() returns int language sql as 'select 1'",
    "create a table": "create table t (i int)",
    "create a schema": "create schema s",
    "shadow a table": "create temporary table enrolment (id int)",
    "shadow a table by a view": "create temporary view enrolment as select 1 as id",
    "replace what verifies": "create or replace function claims() returns text[] language sql as 'select null::text[]'",
    "run what verifies with another path": "alter function claims() reset all",
    "switch row-level security off": "alter table enrolment disable row level security",
    "widen a policy": 'alter policy "select" on enrolment using (true)',
    "skip row-level security": "set local row_security = off; select count(*) from enrolment",
    "skip foreign keys": "set session_replication_role = replica",
    "read the keys": "select * from claim_key",
    "read letters": "select body from letter",
    "read the seals of the record": "select * from audit_seal",
    "rewrite the record": "update audit_entry set actor_id = null",
    "become an administrator": "insert into role_held (person_id, role, granted_at) values ({me}, 'admin', now())",
    "become a registrar": "insert into role_held (person_id, role, college_id, granted_at)"
                          " values ({me}, 'registrar', {mine}, now())",
    "become a registrar elsewhere": "insert into role_held (person_id, role, college_id, granted_at)"
                                    " values ({me}, 'registrar', {other}, now())",
    "propose oneself as a registrar": "insert into role_proposal (college_id, person_id, role, proposed_at,"
                                      " proposed_by) values ({mine}, {me}, 'registrar', now(), {admin})",
    "open an account": "insert into account (person_id, email, created_at) values ({new}, 'eve@example.com', now())",
    "set a second password": "insert into account_secret (account_id, password_hash) values ({account}, 'x')",
    "open a sign-in": "insert into sign_in (account_id, kind, secret_hash, created_at, seen_at, expires_at, user_agent,"
                      " origin) values ({account}, 'bearer', 'x', now(), now(), now() + interval '1 hour', '', '')",
    "make a token": "insert into api_token (account_id, name, token_hash, permissions, created_at, expires_at)"
                    " values ({account}, 'x', 'x', '{{me:read}}', now(), now() + interval '1 hour')",
    "make a reset link": "insert into password_reset (account_id, token_hash, created_at, expires_at)"
                         " values ({account}, 'x', now(), now() + interval '1 hour')",
    "link an identity": "insert into oidc_identity (account_id, issuer, subject, linked_at)"
                        " values ({account}, 'https://evil.example', 'x', now())",
    "invite oneself": "insert into invitation (college_id, email, role, token_hash, created_at, created_by, expires_at)"
                      " values ({mine}, 'eve@example.com', 'registrar', 'x', now(), {me}, now() + interval '1 day')",
    "write in another college": "insert into codev_group (college_id, cohort_id, name, created_at, created_by)"
                                " values ({other}, {other_cohort}, 'x', now(), {me})",
}  # fmt: skip
"""Statements that the database must refuse."""

POWERLESS = {
    "put the role off": "set role none",
    "reset the role": "reset role",
    "reset the session": "reset session authorization; reset all",
    "widen the colleges": "select set_config('app.college_ids', '{mine},{other}', true)",
    "widen the colleges for the session": "set app.college_ids = '{mine},{other}'",
    "widen in the middle of a scan": "select * from enrolment where college_id = {other}"
                                     " or set_config('app.college_ids', '{mine},{other}', true) is null",
    "become another person": "select set_config('app.person_id', '{admin}', true)",
    "edit the claims": "select set_config('app.claims', regexp_replace(current_setting('app.claims'), '^[^|]*',"
                       " '{mine},{other}'), true), set_config('app.college_ids', '{mine},{other}', true)",
    "add rights to the claims": "select set_config('app.claims', replace(current_setting('app.claims'), '||',"
                                " '|{account}|roles,platform_roles,accounts,suspension,oidc,invitations'), true)",
    "claim without a key": "select set_config('app.claims', '{mine},{other}|1|1|roles|none|'"
                           " || encode(sha256(convert_to('{mine},{other}|1|1|roles|none', 'UTF8')), 'hex'), true),"
                           " set_config('app.college_ids', '{mine},{other}', true)",
    "claim nulls": "select set_config('app.claims', '|||||', true)",
    "replay an older seal": "select set_config('app.claims', '{older}', true),"
                            " set_config('app.college_ids', '{mine},{other}', true)",
    "replay a seal of another connection": "select set_config('app.claims', '{elsewhere}', true),"
                                           " set_config('app.college_ids', '{mine},{other}', true)",
    "commit and claim": "commit; begin; select set_config('app.claims', '{older}', true),"
                        " set_config('app.college_ids', '{mine},{other}', true)",
    "commit and keep one's claims": "select set_config('app.claims', current_setting('app.claims'), false); commit;"
                                    " begin; select set_config('app.college_ids', '{mine},{other}', true)",
    "change every password": "update account_secret set password_hash = 'x'",
    "take accounts over by their address": "update account set email = 'eve' || id || '@example.com'",
    "prolong sign-ins": "update sign_in set expires_at = now() + interval '1 year'",
    "reopen tokens": "update api_token set ended_at = null, permissions = '{{me:read}}'",
    "take an identity over": "update oidc_identity set seen_at = now()",
    "end roles": "update role_held set ended_at = now()",
    "delete second factors": "delete from recovery_code",
    "shadow by the path": "set search_path = pg_temp, public",
    "guess a secret": "select authenticate_secret(kind, digest, key) from (values ('sign_in'), ('api_token')) k(kind),"
                      " (values ('x'), ('')) d(digest), (values ('{key}'), ('')) n(key)",
    "present one's own secret": "select authenticate_secret('sign_in', '{own}', '{key}'),"
                                " set_config('app.college_ids', '{mine},{other}', true)",
    "skip the second factor": "select authenticate_secret('sign_in', '{pending}', '{key}')",
    "present a secret that has ended": "select authenticate_secret('sign_in', '{ended}', '{key}')",
    "read a project as its observer": "select set_config('app.person_id', '{observer}', true);"
                                      " select 1 / count(*) from project_indicators({project})",
    "run it all in a block": "do $$ begin perform set_config('app.college_ids', '{mine},{other}', true);"
                             " perform set_config('role', 'none', true); end $$",
    "keep a cursor": "declare c cursor with hold for select * from enrolment",
    "have every letter tried now": "update letter set due_at = now()",
    "let failed jobs run again": "select queue.retry(id) from queue.failures(100)",
    "read the end of the record": "select 1 / count(*) from last_seal()",
    "prepare under the driver's name": "prepare \"_pg3_0\" as select 1",
}  # fmt: skip
"""Statements that the database may accept, and that must change nothing of what is within reach."""


class Over(Exception):
    """Ends a request without a response."""


class Attacker:
    """A request of Alma's coordinator, and what its SQL can learn of the others."""

    def __init__(self, database: Database, world: World) -> None:
        self.database, self.world = database, world
        owner_url = database.addresses.owner_url or ""
        self.owner = psycopg.connect(driver_url(owner_url), autocommit=True)
        everything = Claims(frozenset({world.alma, world.rouyn}), person=world.people["admin"])
        with database.transaction(colleges=everything.colleges, person=everything.person) as db:
            older = db.execute(text("select current_setting('app.claims')")).scalar_one()
        account = self._one("select id from account where person_id = %s", world.people["registrar"])
        self.values: dict[str, Any] = {
            "owner": sql.Identifier(self.owner.info.user).as_string(),
            "mine": world.alma, "other": world.rouyn, "me": world.people["coordinator"],
            "admin": world.people["admin"], "observer": world.people["observer"], "project": world.project,
            "other_cohort": world.other_cohort, "account": account, "older": older,
            "key": key_id(database.addresses.claim_key), "own": digest(token(database, world, "coordinator")),
            "pending": digest(pending_token(database, world, "other_registrar")),
            "ended": digest(token(database, world, "other_trainer")),
            "elsewhere": sealed(everything, database.addresses.claim_key, backend=1, since="1764150000.000000"),
            "new": self._one("insert into person (legal_first_name, legal_last_name, search_key, created_at)"
                             " values ('Ève', 'Roy', 'eve roy', now()) returning id"),
        }  # fmt: skip
        with database.transaction() as db:
            enqueue(db, "lea@escouade.example.com", "password_changed")
        fail_job(database)
        self.owner.execute("update sign_in set ended_at = now() where secret_hash = %s", (self.values["ended"],))

    def _one(self, query: str, *values: object) -> Any:
        row = self.owner.execute(query.encode(), values).fetchone()
        assert row is not None
        return row[0]

    @contextmanager
    def request(self) -> Iterator[Any]:
        """Yield the driver's connection of a request, which then fails: nothing of it is kept by the application."""
        request = self.database.transaction(colleges=[self.world.alma], person=self.world.people["coordinator"])
        with suppress(Over), request as db:
            yield db.connection().connection.driver_connection
            raise Over

    def gain(self, attack: str) -> str | None:
        """Return what an attack gains in a request: rows within reach, rows or objects written; ``None``: nothing."""
        before = self.state()
        with self.request() as connection:
            reach = within_reach(connection)
            try:
                for statement in attack.format(**self.values).split(";"):
                    if "do $$" in attack:
                        statement = attack.format(**self.values)  # noqa: PLW2901 - one statement, with its own semicolons
                    connection.execute(statement.encode())
            except psycopg.Error:
                connection.execute(b"rollback")
            wider = {t: n for t, n in within_reach(connection).items() if n > reach[t]}
            connection.execute(b"commit")
        after = self.state()
        changed = [name for name in before if before[name] != after[name]]
        return f"reaches {wider}, changed {changed}" if wider or changed else None

    def state(self) -> dict[str, str]:
        """Return what nobody may have changed, by name."""
        tables = (
            "role_held",
            "role_proposal",
            "account",
            *SECRETS,
            "claim_key",
            "codev_group",
            "letter",
            "queue.procrastinate_jobs",
            "pg_policy",
            "pg_auth_members",
        )
        digest = "md5(coalesce(string_agg(t::text, '|' order by t::text), ''))"
        parts = [f"select '{t}', {digest} from {t} t" for t in tables]  # noqa: S608 - names of ours
        parts.append("select 'functions', count(*)::text from pg_proc where oid >= 16384")
        parts.append("select 'relations', count(*)::text from pg_class where oid >= 16384")
        roles = f"select * from pg_roles where rolname in ('eve', '{self.login}')"  # noqa: S608
        parts.append(f"select 'roles', {digest} from ({roles}) t")  # noqa: S608
        return dict(self.owner.execute(" union all ".join(parts).encode()).fetchall())

    @property
    def login(self) -> str:
        """The role of requests."""
        return str(self.database.request_engine.url.username)


def within_reach(connection: Any) -> dict[str, int]:
    """Return how many rows of each table a request sees, secrets among them, and whether it may read the others."""
    tables = [t.name for t in METADATA.sorted_tables if "college_id" in t.columns or t.name in SECRETS]
    counts = [f"select '{t}', count(*) from public.{t}" for t in tables]  # noqa: S608
    rights = [f"select '{t}', has_table_privilege('public.{t}', 'select')::int" for t in UNGRANTED]
    rights.append(
        "select 'superuser', (select rolsuper or rolbypassrls from pg_roles where rolname = current_user)::int"
    )
    return dict(connection.execute(" union all ".join(counts + rights).encode()).fetchall())


@pytest.fixture
def attacker(database: Database, world: World) -> Iterator[Attacker]:
    """Yield an attacker; there are sign-ins and tokens to steal."""
    for who in ("admin", "registrar", "other_registrar"):
        token(database, world, who)
        api_token(database, world, who)
    found = Attacker(database, world)
    yield found
    found.owner.close()


def test_hostile_sql_in_a_request_gains_nothing(attacker: Attacker) -> None:
    """Seventy attacks, each in a request of its own: two seconds."""
    gains = {name: attacker.gain(attack) for name, attack in {**REFUSED, **POWERLESS}.items()}
    assert {name: gain for name, gain in gains.items() if gain} == {}


def test_hostile_statements_are_refused(attacker: Attacker) -> None:
    accepted = []
    for name, attack in REFUSED.items():
        with attacker.request() as connection:
            try:
                for statement in attack.format(**attacker.values).split(";"):
                    connection.execute(statement.encode())
                accepted.append(name)
            except psycopg.Error:
                connection.execute(b"rollback")
    assert accepted == []


def test_secrets_are_out_of_reach_of_a_request(attacker: Attacker) -> None:
    with attacker.request() as connection:
        reach = within_reach(connection)
    assert {table: reach[table] for table in SECRETS} == dict.fromkeys(SECRETS, 0)
    assert {table: reach[table] for table in UNGRANTED if table != "letter"} == dict.fromkeys(
        ("claim_key", "audit_seal", "audit_values"), 0
    )


RECOGNISES = "'authenticate_secret(text,text,text)'::regprocedure"
GUARDS: dict[str, tuple[str, str]] = {
    "the seal of the colleges": (
        "alter policy \"select\" on enrolment using (college_id = any (string_to_array("
        "current_setting('app.college_ids', true), ',')::int[]))",
        "widen the colleges",
    ),
    "the check of the seal": (
        "do $$ begin execute replace(pg_get_functiondef('acting_colleges()'::regprocedure),"
        " 'and split_part(s, ''|'', 6) =', 'or '''' ='); end $$",
        "edit the claims",
    ),
    "the second factor of who is recognised": (
        f"do $$ begin execute replace(pg_get_functiondef({RECOGNISES}), 's.second_factor_at is not null', 'true');"
        " end $$",
        "skip the second factor",
    ),
    "the end of a sign-in": (
        f"do $$ begin execute replace(pg_get_functiondef({RECOGNISES}), 's.ended_at is null', 'true'); end $$",
        "present a secret that has ended",
    ),
    "the right to give roles": (
        'alter policy "insert" on role_held with check (true)', "become an administrator",
    ),
    "the account of a secret": (
        'alter policy "update" on account_secret using (true) with check (true)',
        "change every password",
    ),
    "the account of an address": (
        'alter policy "update" on account using (true) with check (true)',
        "take accounts over by their address",
    ),
    "the account of a sign-in": ('alter policy "update" on sign_in using (true) with check (true)', "prolong sign-ins"),
    "the right to have letters tried": (
        'alter policy "update" on letter using (true) with check (true)',
        "have every letter tried now",
    ),
    "the right to let jobs run again": (
        "do $$ begin execute replace(pg_get_functiondef('queue.retry(bigint)'::regprocedure),"
        " 'session_user <>', 'false and session_user <>'); end $$",
        "let failed jobs run again",
    ),
    "no right on the keys": ("grant select on claim_key to escouade_app", "read the keys"),
    "no temporary objects": ("grant temporary on database {database} to public", "shadow a table"),
    "no objects in the schema": ("grant create on schema public to public", "create a table"),
}  # fmt: skip


@pytest.mark.parametrize("guard", GUARDS)
def test_attack_gains_where_its_guard_is_broken(attacker: Attacker, guard: str) -> None:
    """A guard taken away is missed: the attack that it stops then succeeds."""
    broken, name = GUARDS[guard]
    attack = {**REFUSED, **POWERLESS}[name]
    assert attacker.gain(attack) is None
    attacker.owner.execute(broken.replace("{database}", attacker.owner.info.dbname).encode())
    assert attacker.gain(attack) is not None or _is_accepted(attacker, attack)


def _is_accepted(attacker: Attacker, attack: str) -> bool:
    with attacker.request() as connection:
        try:
            connection.execute(attack.format(**attacker.values).encode())
        except psycopg.Error:
            return False
    return True


@pytest.fixture
def alone(database: Database) -> Iterator[Database]:
    """Yield the database with one connection for its requests."""
    found = Database(database.addresses, pool_size=2)
    yield found
    found.dispose()


LEFTOVERS: dict[str, tuple[str, str]] = {
    "a setting": ("set app.college_ids = '1,2,3'", "select coalesce(current_setting('app.college_ids', true), '')"),
    "the path": ("set search_path = pg_temp", "show search_path"),
    "a time limit": ("set statement_timeout = 1", "show statement_timeout"),
    "read-only": ("set session characteristics as transaction read only", "show default_transaction_read_only"),
    "a lock": ("select pg_advisory_lock(7)", "select count(*) from pg_locks where locktype = 'advisory'"),
    "a cursor": ("declare c cursor with hold for select 1", "select count(*) from pg_cursors"),
    "a channel": ("listen leftovers", "select count(*) from pg_listening_channels()"),
    "a prepared statement": (
        'deallocate all; prepare "_pg3_1" as select 1',
        "select count(*) from pg_prepared_statements where from_sql",
    ),
}  # fmt: skip


@pytest.mark.parametrize("left", LEFTOVERS)
def test_connection_keeps_nothing_of_a_request_for_the_next(alone: Database, left: str) -> None:
    statement, seen = LEFTOVERS[left]

    def now_seen() -> str:
        with alone.transaction() as db:
            return str(db.connection().exec_driver_sql(seen).scalar_one())

    before = now_seen()
    with alone.transaction() as db:
        for part in statement.split(";"):
            db.connection().exec_driver_sql(part)
    assert now_seen() == before


def test_connection_with_a_statement_prepared_by_sql_opens_no_transaction(alone: Database) -> None:
    """As a pooler would hand it on, which this process does not see come back."""
    with alone.request_engine.connect() as connection:
        connection.exec_driver_sql('prepare "_pg3_1" as select 1')
        connection.commit()
        with pytest.raises(Unavailable) as refused:
            open_transaction(sessionmaker(connection, class_=Session)(info={"database": alone}))
    assert refused.value.code == "session_altered"


@pytest.mark.parametrize("role", sorted(TWO_FACTORS))
def test_claims_of_a_role_that_needs_a_second_factor_are_not_sealed_without_it(
    database: Database, world: World, role: Role
) -> None:
    with database.transaction() as db:
        account = db.exec(select(Account.id).where(Account.person_id == world.people["maude"])).one()
        secret = Secret(SIGN_IN, digest(create_sign_in(db, account, kind=SignInKind.COOKIE, hours=1)[0]))
    with database.transaction(secret=secret) as db:
        assert (presenter(db, secret) or {})["is_sealed"]
    with database.as_owner() as db:
        grant_role(db, world.people["maude"], role, college_id=None if role is Role.ADMIN else world.alma)
    with database.transaction(secret=secret) as db:
        assert not (presenter(db, secret) or {})["is_sealed"]
        assert db.connection().exec_driver_sql("select acting_person()").scalar_one() is None


def test_claims_hold_for_one_transaction_of_one_connection(alone: Database, world: World) -> None:
    taken: list[str] = []

    def visible(db: Session) -> int:
        return int(db.connection().exec_driver_sql("select count(*) from enrolment").scalar_one())

    def replay(db: Session) -> int:
        db.execute(text("select set_config('app.claims', :claims, true)"), {"claims": taken[0]})
        db.execute(text("select set_config('app.college_ids', :all, true)"), {"all": f"{world.alma},{world.rouyn}"})
        return visible(db)

    with alone.transaction(colleges=[world.alma, world.rouyn]) as db:
        taken.append(db.execute(text("select current_setting('app.claims')")).scalar_one())
        assert visible(db) == replay(db) > 0
        with alone.transaction() as other:
            assert replay(other) == 0
        pid = db.execute(text("select pg_backend_pid()")).scalar_one()
    for _ in range(2):
        with alone.transaction() as db, alone.transaction() as other:
            pids = {d.execute(text("select pg_backend_pid()")).scalar_one() for d in (db, other)}
            assert pid in pids
            assert (replay(db), replay(other)) == (0, 0)


def test_claims_of_a_key_that_the_database_does_not_know_are_refused(database: Database, world: World) -> None:
    stranger = Database(Addresses(database.addresses.url, claim_key=b"another key"))
    with pytest.raises(Unavailable) as refused, stranger.transaction(colleges=[world.alma]):
        pass
    stranger.dispose()
    assert refused.value.code == "claims_refused"
