"""The audit record: entries of changes and refused accesses, secrets, completeness, and who may read or write it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlmodel import select

from app.cohorts import service as cohorts
from app.cohorts.models import Cohort
from app.features import METADATA
from app.identity.account.models import Account
from app.identity.api_tokens.models import ApiToken
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.service import grant_role
from app.network.models import College
from app.people.models import Person
from app.platform.audit.denials import MOST_ANONYMOUS, MOST_PER_PERSON, RefusalQuota
from app.platform.audit.enums import Act
from app.platform.audit.recorder import NOT_AUDITED, REDACTED, SECRETS, digest_of, record_statement, skip_audit
from app.platform.clock import at, now
from app.platform.database.session import Session, open_credentials
from app.platform.database.transaction import Database, separate_transaction
from app.platform.security.permissions import P, Permission, Role
from tests.audit_check import Unaudited
from tests.factories.cohorts import change_settings, settings_of
from tests.factories.cohorts import set_capacity as seats
from tests.factories.network import World, acting, api_token, as_, pending_token, token
from tests.server import login_role

API = "/api/v1"


def last(database: Database) -> int:
    with database.engine.connect() as owner:
        return int(owner.execute(text("select coalesce(max(id), 0) from audit_entry")).scalar_one())


def entries(database: Database, since: int) -> list[Any]:
    """Return the entries after an id, with their values, read as the tables' owner."""
    statement = text(
        "select e.*, v.before, v.after, v.salt from audit_entry e left join audit_values v on v.entry_id = e.id"
        " where e.id > :since order by e.id"
    )
    with database.engine.connect() as owner:
        return list(owner.execute(statement, {"since": since}))


@contextmanager
def sent(database: Database) -> Iterator[list[str]]:
    """Yield the list of statements sent to the database."""
    statements: list[str] = []

    def collect(*args: object) -> None:
        statements.append(str(args[2]))

    event.listen(database.request_engine, "before_cursor_execute", collect)
    try:
        yield statements
    finally:
        event.remove(database.request_engine, "before_cursor_execute", collect)


def set_capacity(client: TestClient, world: World, capacity: int) -> int:
    path = f"{API}/cohorts/{world.cohort}"
    return change_settings(client, path, settings_of(client.get(path).json(), capacity=capacity)).status_code


# Entries ----------------------------------------------------------------------------------------


def test_entry_of_a_change_holds_actor_subject_origin_and_values(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    since = last(database)
    assert set_capacity(client, world, 11) == 200
    [entry] = entries(database, since)
    assert (entry.action, entry.subject, entry.subject_id, entry.college_id) == (
        "change", "cohort", world.cohort, world.alma,
    )  # fmt: skip
    assert (entry.actor_id, entry.permission, entry.outcome) == (
        world.people["coordinator"], "cohort:manage", "done",
    )  # fmt: skip
    assert (entry.origin, entry.token_id) == ("testclient", None)
    assert entry.sign_in_id is not None
    assert (entry.before, entry.after) == ({"capacity": 8}, {"capacity": 11})
    assert entry.digest == digest_of(entry.salt, entry.before, entry.after)


def test_digest_of_equal_values_differs_each_time(client: TestClient, database: Database, world: World) -> None:
    """So that the digest of emptied values confirms no guess."""
    as_(client, database, world, "coordinator")
    since = last(database)
    for capacity in (9, 8, 9):
        set_capacity(client, world, capacity)
    first, _, third = entries(database, since)
    assert (first.before, first.after) == (third.before, third.after)
    assert first.digest != third.digest


def test_entry_distinguishes_a_token_from_the_command_line(
    client: TestClient, database: Database, world: World
) -> None:
    token = api_token(database, world, "coordinator", P.COHORT_READ, P.COHORT_MANAGE)
    client.headers["Authorization"] = f"Bearer {token}"
    since = last(database)
    assert set_capacity(client, world, 12) == 200
    with database.transaction(colleges=[world.alma]) as db:
        db.get_one(Cohort, world.cohort).capacity = 13
    by_token, by_process = entries(database, since)
    with database.as_owner() as db:
        assert by_token.token_id == db.exec(select(ApiToken.id)).one()
    assert (by_token.actor_id, by_token.sign_in_id) == (world.people["coordinator"], None)
    assert (by_process.actor_id, by_process.permission, by_process.origin) == (None, "", "cli")


def test_changes_of_a_row_in_a_transaction_make_one_entry(database: Database, world: World) -> None:
    since = last(database)
    with database.transaction() as db:
        person = Person(legal_first_name="Léa", legal_last_name="Roy", search_key="roy lea", created_at=now())
        db.add(person)
        db.flush()
        for name in ("Léo", "Léonie"):
            person.chosen_name = name
            db.add(person)
            db.flush()
    [entry] = entries(database, since)
    assert (entry.action, entry.before) == ("create", None)
    assert (entry.after["chosen_name"], entry.after["legal_last_name"]) == ("Léonie", "Roy")
    since = last(database)
    with database.transaction() as db:
        person = db.get_one(Person, entry.subject_id)
        for name in ("Léa", "Lia"):
            person.chosen_name = name
            db.add(person)
            db.flush()
        person.chosen_name = person.chosen_name  # no difference
        db.add(db.get_one(Person, world.people["maude"]))
    [changed] = entries(database, since)
    assert (changed.before, changed.after) == ({"chosen_name": "Léonie"}, {"chosen_name": "Lia"})
    since = last(database)
    with database.as_owner() as db:
        db.delete(db.get_one(Person, entry.subject_id))
    [removed] = entries(database, since)
    assert (removed.action, removed.before["chosen_name"], removed.after) == ("remove", "Lia", None)


def test_change_rolled_back_to_a_savepoint_leaves_no_entry(database: Database, world: World) -> None:
    since = last(database)
    with database.transaction(colleges=[world.alma]) as db:
        with suppress(ZeroDivisionError), db.begin_nested():
            db.get_one(Cohort, world.cohort).title = "Jamais"
            db.flush()
            raise ZeroDivisionError
        db.get_one(Cohort, world.cohort).capacity = 20
    assert [(e.subject, e.after) for e in entries(database, since)] == [("cohort", {"capacity": 20})]


def test_change_before_a_failed_flush_in_a_savepoint_leaves_no_entry(database: Database, world: World) -> None:
    since = last(database)
    with database.transaction(colleges=[world.alma]) as db:
        with suppress(IntegrityError), db.begin_nested():
            db.get_one(Cohort, world.cohort).title = "Jamais"
            db.flush()
            db.get_one(Cohort, world.cohort).capacity = -1
            db.flush()
        db.get_one(Cohort, world.cohort).place = "Ailleurs"
    assert [(e.subject, e.after) for e in entries(database, since)] == [("cohort", {"place": "Ailleurs"})]


def test_stored_values_give_the_same_digest(database: Database) -> None:
    """Whatever JSON does to numbers and dates: a digest that would not verify is no proof."""
    odd: dict[str, Any] = {"a": [1.0, 1e22, 0.1, -0.0, None, True, "é\u2028ᐃ"], "b": {"c": now(), "d": 2**60}}
    since = last(database)
    with database.transaction() as db:
        record_statement(db, Act.CHANGE, "person", 1, after=odd)
    [entry] = entries(database, since)
    assert entry.digest == digest_of(entry.salt, entry.before, entry.after)
    assert entry.after["a"][:2] == ["1.0", "1e+22"]


def test_secrets_are_never_copied(database: Database, world: World) -> None:
    since = last(database)
    token(database, world, "maude")
    [entry] = entries(database, since)
    assert (entry.subject, entry.after["secret_hash"]) == ("sign_in", REDACTED)
    with database.engine.connect() as owner:
        shown = owner.execute(text("select coalesce(string_agg(after::text, ' '), '') from audit_values")).scalar_one()
        hashes = owner.execute(
            text("select password_hash from account_secret union select secret_hash from sign_in")
        ).scalars()
        assert not [h for h in hashes if h in shown]


def test_every_column_of_a_secret_is_redacted() -> None:
    endings = ("_hash", "_sealed", "_link", "password", "secret", "nonce")
    secret_columns = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if column.name.endswith(endings) and table.name not in NOT_AUDITED
    }
    assert secret_columns == SECRETS


def test_unaudited_tables_and_columns_exist_and_have_a_reason() -> None:
    tables = {t.name: set(t.columns.keys()) for t in METADATA.tables.values()}
    for name, reason in NOT_AUDITED.items():
        table, _, column = name.partition(".")
        assert table in tables
        assert not column or column in tables[table]
        assert len(reason) > 5


# Completeness -----------------------------------------------------------------------------------


def test_undeclared_statement_is_detected(database: Database, world: World) -> None:
    with (
        pytest.raises(Unaudited, match="'cohort': 1"),
        database.transaction(colleges=[world.alma]) as db,
    ):
        db.execute(text("update cohort set capacity = 30 where id = :id"), {"id": world.cohort})
    since = last(database)
    with database.transaction(colleges=[world.alma]) as db:
        db.execute(text("update cohort set capacity = 30 where id = :id"), {"id": world.cohort})
        record_statement(db, Act.CHANGE, "cohort", world.cohort, college_id=world.alma, after={"capacity": 30})
    [entry] = entries(database, since)
    assert (entry.subject_id, entry.after) == (world.cohort, {"capacity": 30})


def test_skip_audit_of_an_audited_table_raises(database: Database) -> None:
    with database.transaction() as db:
        with pytest.raises(RuntimeError):
            skip_audit(db, "account.email")
        skip_audit(db, "sign_in.seen_at")


def test_the_last_use_of_a_sign_in_leaves_no_entry(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    with database.engine.begin() as owner:
        owner.execute(text("update sign_in set seen_at = now() - interval '1 hour'"))
    since = last(database)
    assert client.get(f"{API}/me").status_code == 200
    assert entries(database, since) == []


def test_a_change_that_cannot_be_recorded_fails(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    with database.engine.begin() as owner:
        owner.execute(text("revoke insert on audit_values from escouade_app"))
    with pytest.raises(ProgrammingError):
        set_capacity(client, world, 25)
    with database.transaction(colleges=[world.alma]) as db:
        assert db.get_one(Cohort, world.cohort).capacity == 8
    with database.engine.connect() as owner:
        assert owner.execute(text("select count(*) from audit_entry where permission <> ''")).scalar_one() == 0


def test_audit_costs_at_most_one_statement_per_transaction(database: Database, world: World) -> None:
    def cost(people: int) -> list[str]:
        with sent(database) as statements:
            with database.transaction() as db:
                acting(db, world, "registrar")
                for who in ("karim", "elise", "yves")[:people]:
                    grant_role(db, world.people[who], Role.FACILITATOR, college_id=world.alma)
                statements.clear()
            return [s.split()[0] for s in statements]

    assert cost(1) == ["with"]
    assert cost(3) == ["with"]


def test_application_role_cannot_change_the_record(database: Database, world: World) -> None:
    forbidden = [
        f"{verb} {table}{rest}"
        for table in ("audit_entry", "audit_values", "view_log", "audit_seal")
        for verb, rest in (("update", " set {}"), ("delete from", ""), ("truncate", ""))
    ]
    columns = {
        "audit_entry": "actor_id = 1", "audit_values": "after = null", "view_log": "viewer_id = 1",
        "audit_seal": "mac = ''",
    }  # fmt: skip
    for statement in (*forbidden, "insert into audit_seal values (1, 1, 1, '', now())", "select * from audit_values"):
        filled = statement.format(next(c for t, c in columns.items() if t in statement))
        with database.engine.connect() as connection:
            connection.execute(text(f'set role "{login_role()}"'))
            with pytest.raises(ProgrammingError, match="permission denied"):
                connection.execute(text(filled))


def test_a_college_reads_its_own_part_of_the_record(database: Database, world: World) -> None:
    with database.transaction(colleges=[world.rouyn]) as db:
        college_ids = db.execute(text("select distinct college_id from audit_entry")).scalars().all()
        assert college_ids == [world.rouyn]
    with database.transaction() as db:
        assert db.execute(text("select count(*) from audit_entry")).scalar_one() == 0


def test_opening_a_college_is_recorded_under_that_college(database: Database) -> None:
    since = last(database)
    with database.transaction() as db:
        db.add(
            College(
                slug="sept-iles", name="Collège des Îles", city="Sept-Îles", region_code="09", number_prefix="SEP",
                authorised_kinds=[], timezone="America/Toronto",
            )
        )  # fmt: skip
    [entry] = entries(database, since)
    assert entry.college_id == entry.subject_id


def test_separate_transaction_has_the_same_actor(database: Database, world: World) -> None:
    with database.transaction() as db:
        acting(db, world, "maude")
        with separate_transaction(db) as other:
            assert other.actor_context == db.actor_context
            assert other.actor_context.person_id == world.people["maude"]


# Refused accesses -------------------------------------------------------------------------------


def refusals(database: Database) -> list[tuple[str, str, int | None, str]]:
    with database.engine.connect() as owner:
        rows = owner.execute(
            text(
                "select action, subject, subject_id, permission from audit_entry where outcome = 'refused' order by id"
            )
        )
        return [tuple(row) for row in rows]


def test_refused_access_is_recorded_though_the_request_is_rolled_back(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "other_coordinator")
    target = world.enrolments["maude"]
    assert client.get(f"{API}/enrolments/{target}/progress").status_code == 404
    assert client.get(f"/parcours/{target}").status_code == 404
    as_(client, database, world, "maude")
    assert client.put(f"{API}/cohorts/{world.cohort}", json={}).status_code == 403
    assert refusals(database) == [
        ("not_found", "GET /api/v1/enrolments/{enrolment_id}/progress", target, "progress:read"),
        ("not_found", "GET /parcours/{enrolment_id}", target, "progress:read"),
        ("forbidden", "PUT /api/v1/cohorts/{cohort_id}", world.cohort, "cohort:manage"),
    ]
    with database.engine.connect() as owner:
        rows = owner.execute(text("select actor_id, origin from audit_entry where outcome = 'refused'")).all()
    assert {row.actor_id for row in rows} == {world.people["other_coordinator"], world.people["maude"]}
    assert {row.origin for row in rows} == {"testclient"}


def test_invalid_credential_is_recorded_and_a_request_without_one_is_not(
    client: TestClient, database: Database, world: World
) -> None:
    assert client.get(f"{API}/me").status_code == 401
    assert refusals(database) == []
    client.headers["Authorization"] = "Bearer personne"
    assert client.get(f"{API}/me").status_code == 401
    assert refusals(database) == [("unauthenticated", "GET /api/v1/me", None, "me:read")]
    client.headers["Authorization"] = f"Bearer {pending_token(database, world, 'registrar')}"
    assert client.get(f"{API}/me").status_code == 403
    assert refusals(database)[1:] == [("second_factor_required", "GET /api/v1/me", None, "me:read")]


def test_refusals_beyond_the_quota_leave_no_entry(client: TestClient, database: Database, world: World) -> None:
    """One person has a quota per minute, unauthenticated requests another; beyond it, refusals leave no entry."""
    as_(client, database, world, "maude")
    begun = now()
    for _ in range(MOST_PER_PERSON + 5):
        assert client.get(f"{API}/certificates/999").status_code == 404
    recorded = len(refusals(database))
    as_(client, database, world, "karim")
    client.get(f"{API}/certificates/999")
    assert len(refusals(database)) == recorded + 1
    client.headers["Authorization"] = "Bearer personne"
    for _ in range(MOST_ANONYMOUS + 5):
        assert client.get(f"{API}/me").status_code == 401
    if now().minute == begun.minute:  # otherwise some were counted in the next minute
        assert recorded == MOST_PER_PERSON
        assert len(refusals(database)) == MOST_PER_PERSON + 1 + MOST_ANONYMOUS


def test_refusal_quota_starts_again_each_minute() -> None:
    quota, noon = RefusalQuota(), datetime(2026, 11, 22, 12, tzinfo=UTC)
    with at(noon):
        assert [quota.take(1) for _ in range(MOST_PER_PERSON + 1)] == [True] * MOST_PER_PERSON + [False]
        assert [quota.take(None) for _ in range(MOST_ANONYMOUS + 1)] == [True] * MOST_ANONYMOUS + [False]
        assert quota.take(2)
    with at(noon + timedelta(minutes=1)):
        assert quota.take(1)
        assert quota.take(None)


def test_invalid_request_is_not_a_refused_access(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "coordinator")
    assert client.get("/nulle-part").status_code == 404
    assert set_capacity(client, world, 1) == 409
    assert client.put(f"{API}/cohorts/{world.cohort}", json={"capacity": -1}).status_code == 422
    assert refusals(database) == []


def test_access_is_refused_when_recording_fails(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    with database.engine.begin() as owner:
        owner.execute(text("revoke insert on audit_entry from escouade_app"))
    assert client.get(f"{API}/certificates/999").status_code == 404


def test_failed_write_leaves_no_entry(database: Database, world: World) -> None:
    since = last(database)
    with database.transaction() as db:
        account = db.exec(select(Account).where(Account.person_id == world.people["maude"])).one()
    account.email = world.emails["karim"]
    with suppress(IntegrityError), database.transaction() as db:
        open_credentials(db, account.id)
        db.add(account)
    assert entries(database, since) == []


def _capacity(db: Session, world: World, permission: Permission) -> None:
    actor = acting(db, world, "coordinator", permission)
    seats(db, cohorts.see_cohort(db, actor, world.cohort), 15)


def test_entry_outside_a_request_has_the_actor_that_was_set(database: Database, world: World) -> None:
    since = last(database)
    with database.transaction() as db:
        _capacity(db, world, P.COHORT_MANAGE)
    [entry] = entries(database, since)
    assert (entry.actor_id, entry.origin) == (world.people["coordinator"], "cli")
    with database.transaction() as db:
        assert db.exec(select(RoleGrantRow.id)).first() is not None
