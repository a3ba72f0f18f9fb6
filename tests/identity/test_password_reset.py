"""A forgotten password: the letter, its link, and what asking tells a stranger (nothing)."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event, text

from app.identity.account import passwords
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from tests.factories.network import PASSWORD, World, token
from tests.factories.outbox import letters, link_in

ASK = "/mot-de-passe-oublie"
NEW = {"password": "trois hiboux myopes"}
UNKNOWN = "personne@escouade.example.com"


def ask(client: TestClient, email: str) -> None:
    """Ask for a letter."""
    answer = client.post(ASK, data={"email": email})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ASK}?fait=demande")


def link(client: TestClient, database: Database, email: str) -> str:
    """The path that a new letter leads to."""
    ask(client, email)
    recipient, _, body = letters(database)[-1]
    assert recipient == email
    return link_in(body)


def enters(client: TestClient, email: str, password: str) -> bool:
    """Whether a password opens an account."""
    return client.post("/api/v1/sign-ins", json={"email": email, "password": password}).status_code == 201


def change(database: Database, statement: str, **values: object) -> None:
    """Change accounts from behind."""
    with database.engine.begin() as owner:
        owner.execute(text(statement), values)


def test_the_letters_link_sets_another_password_once(client: TestClient, database: Database, world: World) -> None:
    maude = world.emails["maude"]
    path = link(client, database, maude)
    pages = [client.get(path) for _ in range(5)]
    assert {p.status_code for p in pages} == {200}
    assert pages[-1].headers["referrer-policy"] == "no-referrer"
    assert maude in pages[-1].text
    answer = client.post(path, data=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{ASK}?fait=change")
    assert enters(client, maude, NEW["password"])
    assert not enters(client, maude, PASSWORD)
    assert client.get(path).status_code == 410
    assert client.post(path, data={"password": "quatre hiboux myopes"}).status_code == 410
    assert letters(database)[-1][:2] == (maude, "Votre mot de passe a changé")


def test_only_the_digest_of_a_link_is_kept(client: TestClient, database: Database, world: World) -> None:
    secret = link(client, database, world.emails["maude"]).rpartition("/")[2]
    assert len(secret) == 43  # 256 bits
    with database.engine.connect() as owner:
        kept = owner.execute(text("select password_reset::text from password_reset")).scalar_one()
    assert secret not in kept


def test_another_password_ends_every_sign_in_and_every_other_link(
    client: TestClient, database: Database, world: World
) -> None:
    held = [{"Authorization": f"Bearer {token(database, world, who)}"} for who in ("maude", "maude", "karim")]
    first, second = (link(client, database, world.emails["maude"]) for _ in range(2))
    assert [client.get("/api/v1/me", headers=h).status_code for h in held] == [200, 200, 200]
    assert client.post(second, data=NEW).status_code == 303
    assert [client.get("/api/v1/me", headers=h).status_code for h in held] == [401, 401, 200]
    assert client.get(first).status_code == 410


def test_an_hour_and_no_more(client: TestClient, database: Database, world: World) -> None:
    path = link(client, database, world.emails["maude"])
    hour = now() + timedelta(hours=1)
    with at(hour - timedelta(minutes=1)):
        assert client.get(path).status_code == 200
    with at(hour):
        assert client.get(path).status_code == 410
        assert client.post(path, data=NEW).status_code == 410
    assert enters(client, world.emails["maude"], PASSWORD)


def test_two_answers_at_once_set_one_password(client: TestClient, database: Database, world: World) -> None:
    path = link(client, database, world.emails["maude"])
    tries = [f"{n} hiboux myopes boudent" for n in range(4)]
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(lambda p: client.post(path, data={"password": p}).status_code, tries))
    assert sorted(statuses) == [303, 410, 410, 410]
    assert [enters(client, world.emails["maude"], p) for p in tries] == [s == 303 for s in statuses]


def test_someone_suspended_gets_no_letter_and_no_password(client: TestClient, database: Database, world: World) -> None:
    path = link(client, database, world.emails["maude"])
    change(database, "update account set suspended_at = now() where email = :e", e=world.emails["maude"])
    assert client.get(path).status_code == 410
    assert client.post(path, data=NEW).status_code == 410
    ask(client, world.emails["maude"])
    assert len(letters(database)) == 1


def test_three_letters_an_hour_at_most(client: TestClient, database: Database, world: World) -> None:
    for _ in range(5):
        ask(client, world.emails["maude"])
    assert len(letters(database)) == 3
    ask(client, world.emails["karim"])
    assert len(letters(database)) == 4
    with at(now() + timedelta(minutes=61)):
        ask(client, world.emails["maude"])
    assert len(letters(database)) == 5


def test_the_second_factor_is_still_asked_and_eight_characters_do(
    client: TestClient, database: Database, world: World
) -> None:
    change(database, "update account set totp_confirmed_at = now() where email = :e", e=world.emails["maude"])
    path = link(client, database, world.emails["maude"])
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
def test_a_weak_password_is_explained_and_the_link_still_serves(
    client: TestClient, database: Database, world: World, password: str, words: str
) -> None:
    path = link(client, database, world.emails["maude"])
    page = client.post(path, data={"password": password})
    assert page.status_code == 422
    assert words in page.text
    assert password not in page.text
    assert enters(client, world.emails["maude"], PASSWORD)
    assert client.post(path, data=NEW).status_code == 303


def test_the_record_names_the_person_and_no_secret(client: TestClient, database: Database, world: World) -> None:
    client.post(link(client, database, world.emails["maude"]), data=NEW)
    said = text("select action, subject, actor_id from audit_entry where subject in ('account', 'password_reset')")
    with database.engine.connect() as owner:
        found = [tuple(row) for row in owner.execute(said)][-2:]
        kept = owner.execute(text("select string_agg(coalesce(after::text, ''), '') from audit_values")).scalar_one()
    maude = world.people["maude"]
    assert sorted(found) == [("change", "account", maude), ("change", "password_reset", maude)]
    assert "argon2" not in kept


# What a stranger learns --------------------------------------------------------------------------


@contextmanager
def work(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What is done meanwhile: statements without their values, commits, and passwords hashed or compared."""
    done: list[str] = []
    hasher = passwords.hasher()
    watched = {name: getattr(hasher, name) for name in ("hash", "verify_and_update")}
    for name, method in watched.items():
        monkeypatch.setattr(hasher, name, lambda *a, _n=name, _m=method: (done.append(_n), _m(*a))[1])
    begun = [
        ("before_cursor_execute", lambda *a: done.append(a[2])),
        ("commit", lambda _: done.append("commit")),
        ("rollback", lambda _: done.append("rollback")),
    ]
    for name, listener in begun:
        event.listen(database.engine, name, listener)
    try:
        yield done
    finally:
        for name, listener in begun:
            event.remove(database.engine, name, listener)
        monkeypatch.undo()


def test_asking_does_and_says_the_same_for_any_address(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Same bytes, same statements, same commits: time has nothing to tell."""
    seen = []
    for email in (world.emails["maude"], UNKNOWN):
        with work(database, monkeypatch) as done:
            answer = client.post(ASK, data={"email": email})
        page = client.get(answer.headers["location"])
        seen.append((answer.status_code, answer.content, sorted(answer.headers), page.content, done))
    assert seen[0] == seen[1]
    assert seen[0][-1].count("commit") == 1
    assert [recipient for recipient, _, _ in letters(database)] == [world.emails["maude"]]


@pytest.mark.parametrize("door", ["/connexion", "/api/v1/sign-ins"])
def test_a_wrong_sign_in_does_and_says_the_same_for_any_address(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch, door: str
) -> None:
    passwords.nobody_hash()
    seen = []
    for email in (world.emails["maude"], UNKNOWN):
        body = {"email": email, "password": "ce n’est pas la bonne phrase"}
        with work(database, monkeypatch) as done:
            answer = client.post(door, json=body) if door.startswith("/api") else client.post(door, data=body)
        seen.append((answer.status_code, answer.text.replace(email, ""), sorted(answer.headers), done))
    assert seen[0] == seen[1]
    assert seen[0][-1].count("verify_and_update") == 1
