"""Reset of a forgotten password: the message, its link, and a request that reveals nothing."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from ipaddress import IPv4Address
from random import getrandbits

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from app.identity.account import passwords
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from tests.conftest import REQUEST
from tests.factories.network import PASSWORD, World, token
from tests.factories.outbox import link_in, messages

PATH = "/mot-de-passe-oublie"
NEW = {"password": "trois hiboux myopes"}
UNKNOWN = "personne@escouade.example.com"


def request_reset(client: TestClient, email: str) -> None:
    """Request a reset."""
    answer = client.post(PATH, data={"email": email})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?fait=demande")


def request_link(client: TestClient, database: Database, email: str) -> str:
    """Request a reset and return the path of its link."""
    request_reset(client, email)
    recipient, _, body = messages(database)[-1]
    assert recipient == email
    return link_in(body)


def can_sign_in(client: TestClient, email: str, password: str) -> bool:
    """Return whether a password signs in to an account."""
    return client.post("/api/v1/sign-ins", json={"email": email, "password": password}).status_code == 201


def change(database: Database, statement: str, **values: object) -> None:
    """Execute a statement as the owner of the database."""
    with database.engine.begin() as owner:
        owner.execute(text(statement), values)


def test_reset_link_sets_a_password_once(client: TestClient, database: Database, world: World) -> None:
    maude = world.emails["maude"]
    path = request_link(client, database, maude)
    pages = [client.get(path) for _ in range(5)]
    assert {p.status_code for p in pages} == {200}
    assert pages[-1].headers["referrer-policy"] == "no-referrer"
    assert maude in pages[-1].text
    answer = client.post(path, data=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PATH}?fait=change")
    assert can_sign_in(client, maude, NEW["password"])
    assert not can_sign_in(client, maude, PASSWORD)
    assert client.get(path).status_code == 410
    assert client.post(path, data={"password": "quatre hiboux myopes"}).status_code == 410
    assert messages(database)[-1][:2] == (maude, "Votre mot de passe a changé")


def test_reset_message_has_its_job_at_once(client: TestClient, database: Database, world: World) -> None:
    for email in (world.emails["maude"], UNKNOWN):
        request_reset(client, email)
    jobs = text("select task_name, args->>'id' from queue.procrastinate_jobs where queue_name = 'letters'")
    with database.engine.connect() as owner:
        letters = owner.execute(text("select id::text from letter")).scalars().all()
        assert [tuple(row) for row in owner.execute(jobs)] == [("letter", letters[0])]
    assert len(letters) == 1


def test_reset_link_is_stored_as_a_digest(client: TestClient, database: Database, world: World) -> None:
    secret = request_link(client, database, world.emails["maude"]).rpartition("/")[2]
    assert len(secret) == 43  # 256 bits
    with database.engine.connect() as owner:
        stored = owner.execute(text("select password_reset::text from password_reset")).scalar_one()
    assert secret not in stored


def test_reset_ends_every_sign_in_and_every_other_link(client: TestClient, database: Database, world: World) -> None:
    headers = [{"Authorization": f"Bearer {token(database, world, who)}"} for who in ("maude", "maude", "karim")]
    first, second = (request_link(client, database, world.emails["maude"]) for _ in range(2))
    assert [client.get("/api/v1/me", headers=h).status_code for h in headers] == [200, 200, 200]
    assert client.post(second, data=NEW).status_code == 303
    assert [client.get("/api/v1/me", headers=h).status_code for h in headers] == [401, 401, 200]
    assert client.get(first).status_code == 410


def test_reset_link_expires_after_an_hour(client: TestClient, database: Database, world: World) -> None:
    path = request_link(client, database, world.emails["maude"])
    hour = now() + timedelta(hours=1)
    with at(hour - timedelta(minutes=1)):
        assert client.get(path).status_code == 200
    with at(hour):
        assert client.get(path).status_code == 410
        assert client.post(path, data=NEW).status_code == 410
    assert can_sign_in(client, world.emails["maude"], PASSWORD)


def test_reset_link_used_concurrently_sets_one_password(client: TestClient, database: Database, world: World) -> None:
    path = request_link(client, database, world.emails["maude"])
    tries = [f"{n} hiboux myopes boudent" for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(lambda p: client.post(path, data={"password": p}).status_code, tries))
    assert sorted(statuses) == [303, 410, 410, 410]
    assert [can_sign_in(client, world.emails["maude"], p) for p in tries] == [s == 303 for s in statuses]


def test_reset_of_a_suspended_account_is_refused(client: TestClient, database: Database, world: World) -> None:
    path = request_link(client, database, world.emails["maude"])
    change(database, "update account set suspended_at = now() where email = :e", e=world.emails["maude"])
    assert client.get(path).status_code == 410
    assert client.post(path, data=NEW).status_code == 410
    request_reset(client, world.emails["maude"])
    assert len(messages(database)) == 1


def test_reset_sends_three_messages_an_hour_at_most(client: TestClient, database: Database, world: World) -> None:
    for _ in range(5):
        request_reset(client, world.emails["maude"])
    assert len(messages(database)) == 3
    request_reset(client, world.emails["karim"])
    assert len(messages(database)) == 4
    with at(now() + timedelta(minutes=61)):
        request_reset(client, world.emails["maude"])
    assert len(messages(database)) == 5


def test_reset_with_a_second_factor_still_requires_it(client: TestClient, database: Database, world: World) -> None:
    change(database, "update account set totp_confirmed_at = now() where email = :e", e=world.emails["maude"])
    path = request_link(client, database, world.emails["maude"])
    assert "Au moins 8 caractères" in client.get(path).text
    assert client.post(path, data={"password": "hibou 4x"}).status_code == 303
    signed = client.post("/api/v1/sign-ins", json={"email": world.emails["maude"], "password": "hibou 4x"}).json()
    refused = client.get("/api/v1/me", headers={"Authorization": f"Bearer {signed['token']}"})
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("hibou 4x", "au moins 15 caractères"),
        ("motdepassemotdepasse", "Trop de gens"),
        ("maude berube 2026", "devinent"),
    ],
)
def test_reset_with_a_weak_password_explains_it_and_keeps_the_link(
    client: TestClient, database: Database, world: World, password: str, words: str
) -> None:
    path = request_link(client, database, world.emails["maude"])
    page = client.post(path, data={"password": password})
    assert page.status_code == 422
    assert words in page.text
    assert password not in page.text
    assert can_sign_in(client, world.emails["maude"], PASSWORD)
    assert client.post(path, data=NEW).status_code == 303


def test_reset_is_audited_with_its_person_and_no_secret(client: TestClient, database: Database, world: World) -> None:
    client.post(request_link(client, database, world.emails["maude"]), data=NEW)
    entries = text(
        "select action, subject, actor_id from audit_entry where subject in ('account_secret', 'password_reset')"
    )
    with database.engine.connect() as owner:
        rows = [tuple(row) for row in owner.execute(entries)][-2:]
        values = owner.execute(text("select string_agg(coalesce(after::text, ''), '') from audit_values")).scalar_one()
    maude = world.people["maude"]
    assert sorted(rows) == [("change", "account_secret", maude), ("change", "password_reset", maude)]
    assert "argon2" not in values


# Without an account ------------------------------------------------------------------------------


def from_elsewhere(client: TestClient) -> TestClient:
    """Return a browser at a network address from which nobody tried before."""
    address = (str(IPv4Address(getrandbits(32))), 1)
    return TestClient(client.app, follow_redirects=False, client=address, headers={"X-Request-ID": REQUEST})


@contextmanager
def record_work(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Yield the operations done meanwhile: statements without values, commits, passwords hashed or verified."""
    operations: list[str] = []
    hasher = passwords.hasher()

    def record(name: str, method: Callable[..., object], *arguments: object) -> object:
        operations.append(name)
        return method(*arguments)

    for name in ("hash", "verify_and_update"):
        monkeypatch.setattr(hasher, name, partial(record, name, getattr(hasher, name)))
    listeners: list[tuple[str, Callable[..., object]]] = [
        ("before_cursor_execute", lambda *a: operations.append(a[2])),
        ("commit", lambda _: operations.append("commit")),
        ("rollback", lambda _: operations.append("rollback")),
    ]
    for name, listener in listeners:
        event.listen(database.request_engine, name, listener)
    try:
        yield operations
    finally:
        for name, listener in listeners:
            event.remove(database.request_engine, name, listener)
        monkeypatch.undo()


def test_reset_request_does_the_same_for_any_address(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same bytes, same statements, same commits: the timing reveals nothing."""
    responses = []
    for email in (world.emails["maude"], UNKNOWN):
        with record_work(database, monkeypatch) as operations:
            answer = from_elsewhere(client).post(PATH, data={"email": email})
        page = client.get(answer.headers["location"])
        responses.append((answer.status_code, answer.content, sorted(answer.headers), page.content, operations))
    assert responses[0] == responses[1]
    assert responses[0][-1].count("commit") == 1
    assert [recipient for recipient, _, _ in messages(database)] == [world.emails["maude"]]


@pytest.mark.parametrize("path", ["/connexion", "/api/v1/sign-ins"])
def test_sign_in_refused_does_the_same_for_any_address(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    passwords.dummy_hash()
    responses = []
    for email in (world.emails["maude"], UNKNOWN):
        body = {"email": email, "password": "ce n’est pas la bonne phrase"}
        with record_work(database, monkeypatch) as operations:
            browser = from_elsewhere(client)
            answer = browser.post(path, json=body) if path.startswith("/api") else browser.post(path, data=body)
        responses.append((answer.status_code, answer.text.replace(email, ""), sorted(answer.headers), operations))
    assert responses[0] == responses[1]
    assert responses[0][-1].count("verify_and_update") == 1
