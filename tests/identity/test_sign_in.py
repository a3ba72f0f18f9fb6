"""Sign-ins as a person lists and ends them, the password, and the suspension of accounts."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.roles.service import grant_role
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission, Role
from tests.factories.network import PASSWORD, World, api_token, as_

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
ANOTHER = "une autre phrase de passe tout à fait neuve"


def sign_in(client: TestClient, world: World, who: str, password: str = PASSWORD) -> str:
    """Sign in by the form, with the browser's present cookie, and return the new cookie."""
    answer = client.post("/connexion", data={"email": world.emails[who], "password": password})
    assert answer.status_code == 303, answer.text
    return client.cookies["escouade"]


def bearer(client: TestClient, world: World, who: str, password: str = PASSWORD) -> dict[str, str]:
    """Return the headers of a program that signed in with a password."""
    answer = client.post("/api/v1/sign-ins", json={"email": world.emails[who], "password": password})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def status(client: TestClient, headers: dict[str, str]) -> int:
    """Return the status of a request with these headers."""
    return client.get("/api/v1/me", headers=headers).status_code


def change(database: Database, statement: str, **values: object) -> None:
    """Execute a statement as the owner of the database."""
    with database.engine.begin() as connection:
        connection.execute(text(statement), values)


# Cookies ----------------------------------------------------------------------------------------


def test_sign_in_replaces_the_previous_cookie(client: TestClient, world: World) -> None:
    first = sign_in(client, world, "karim")
    second = sign_in(client, world, "maude")
    assert first != second
    assert status(client, {"Authorization": f"Bearer {second}"}) == 200
    assert status(client, {"Authorization": f"Bearer {first}"}) == 401


def test_sign_in_with_a_planted_cookie_replaces_it(client: TestClient, world: World) -> None:
    client.cookies.set("escouade", "choisi-par-une-autre-personne", domain="testserver.local")
    sign_in(client, world, "maude")
    assert status(client, {"Authorization": "Bearer choisi-par-une-autre-personne"}) == 401


@pytest.mark.parametrize(("hours", "what"), [(3, "seen_at"), (0, "expires_at")])
def test_sign_in_ends_when_unused_or_expired(
    client: TestClient, world: World, database: Database, hours: int, what: str
) -> None:
    headers = bearer(client, world, "maude")
    edge = now() - timedelta(hours=hours)
    change(database, f"update sign_in set {what} = :at", at=edge + timedelta(minutes=1))  # noqa: S608 - our literals
    assert status(client, headers) == 200
    change(database, f"update sign_in set {what} = :at", at=edge - timedelta(seconds=1))  # noqa: S608
    assert status(client, headers) == 401
    assert status(client, bearer(client, world, "maude")) == 200


def test_sign_in_in_use_still_expires(client: TestClient, world: World, database: Database) -> None:
    headers = bearer(client, world, "maude")
    with database.engine.connect() as connection:
        lifetime = connection.execute(text("select expires_at - created_at from sign_in")).scalar_one()
    assert lifetime == timedelta(hours=12)
    change(
        database, "update sign_in set seen_at = now() - interval '2 hours', expires_at = now() + interval '1 minute'"
    )
    assert status(client, headers) == 200
    with database.engine.connect() as connection:
        left = connection.execute(text("select expires_at - now() from sign_in")).scalar_one()
    assert left <= timedelta(minutes=1)


# Devices ----------------------------------------------------------------------------------------


def test_devices_are_listed_by_last_use(client: TestClient, world: World, database: Database) -> None:
    client.headers["User-Agent"] = FIREFOX
    sign_in(client, world, "maude")
    program = bearer(client, world, "maude") | {"User-Agent": "releve/1.0"}
    bearer(client, world, "karim")
    ended = bearer(client, world, "maude")
    client.delete("/api/v1/sign-ins/current", headers=ended)
    unused = bearer(client, world, "maude")
    change(database, "update sign_in set seen_at = now() - interval '4 hours' where id = (select max(id) from sign_in)")
    assert status(client, unused) == 401
    items = client.get("/api/v1/me/sign-ins", headers=program).json()["items"]
    assert [(d["kind"], d["browser"], d["system"], d["origin"], d["current"]) for d in items] == [
        ("bearer", "Firefox", "Linux", "testclient", True),
        ("cookie", "Firefox", "Linux", "testclient", False),
    ]
    assert set(items[0]) == {"id", "kind", "browser", "system", "origin", "created_at", "seen_at", "current"}
    page = client.get("/securite").text
    assert "Firefox sur Linux" in page
    assert page.count("Cet appareil") == 1


def test_devices_end_one_by_one_or_all_the_others(client: TestClient, world: World) -> None:
    first, second, third = (bearer(client, world, "maude") for _ in range(3))
    stranger = bearer(client, world, "karim")
    ids = {d["id"]: d["current"] for d in client.get("/api/v1/me/sign-ins", headers=second).json()["items"]}
    (second_id,) = (i for i, current in ids.items() if current)
    assert client.delete(f"/api/v1/me/sign-ins/{second_id}", headers=first).status_code == 204
    assert [status(client, h) for h in (first, second, third, stranger)] == [200, 401, 200, 200]
    assert client.delete("/api/v1/me/sign-ins", headers=first).status_code == 204
    assert [status(client, h) for h in (first, third, stranger)] == [200, 401, 200]


def test_device_of_another_person_is_not_found(client: TestClient, world: World) -> None:
    own, other_person = bearer(client, world, "maude"), bearer(client, world, "karim")
    (other,) = client.get("/api/v1/me/sign-ins", headers=other_person).json()["items"]
    refused = client.delete(f"/api/v1/me/sign-ins/{other['id']}", headers=own)
    missing = client.delete("/api/v1/me/sign-ins/999999", headers=own)
    assert (refused.status_code, refused.content) == (404, missing.content)
    assert status(client, other_person) == 200


def test_devices_end_from_the_page(client: TestClient, world: World) -> None:
    sign_in(client, world, "maude")
    first, second = bearer(client, world, "maude"), bearer(client, world, "maude")
    listed = client.get("/api/v1/me/sign-ins", headers=first).json()["items"]
    (first_id,) = (d["id"] for d in listed if d["current"])
    assert client.post(f"/securite/appareils/{first_id}/fin").headers["location"] == "/securite#appareils"
    assert [status(client, h) for h in (first, second)] == [401, 200]
    assert client.post("/securite/appareils/fin").status_code == 303
    assert status(client, second) == 401
    assert client.get("/securite").status_code == 200


# The password -----------------------------------------------------------------------------------


def test_password_change_ends_the_other_sign_ins(client: TestClient, database: Database, world: World) -> None:
    current, other = bearer(client, world, "maude"), bearer(client, world, "maude")
    body = {"present": PASSWORD, "password": ANOTHER}
    assert client.put("/api/v1/me/password", json=body, headers=current).status_code == 204
    assert [status(client, h) for h in (current, other)] == [200, 401]
    refused = client.post("/api/v1/sign-ins", json={"email": world.emails["maude"], "password": PASSWORD})
    assert refused.status_code == 401
    assert status(client, bearer(client, world, "maude", ANOTHER)) == 200
    with database.engine.connect() as connection:
        letters = connection.execute(text("select recipient, subject from letter")).all()
    assert [tuple(row) for row in letters] == [(world.emails["maude"], "Votre mot de passe a changé")]


@pytest.mark.parametrize(
    ("present", "password", "code"),
    [
        ("ce n’est pas la bonne phrase", ANOTHER, "wrong_password"),
        (PASSWORD, "trop court", "password_short"),
        (PASSWORD, "maude.berube maude", "password_about_you"),
        (PASSWORD, "maude@escouade.example.com", "password_is_email"),
    ],
)
def test_password_change_invalid_is_refused(
    client: TestClient, world: World, present: str, password: str, code: str
) -> None:
    client.headers.update(bearer(client, world, "maude"))
    answer = client.put("/api/v1/me/password", json={"present": present, "password": password})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    page = client.post("/securite/mot-de-passe", data={"present": present, "password": password})
    assert page.status_code == 422
    assert present not in page.text
    assert password not in page.text.replace(world.emails["maude"], "")


def test_password_changes_from_the_page(client: TestClient, world: World) -> None:
    sign_in(client, world, "maude")
    form = {"present": PASSWORD, "password": ANOTHER}
    assert client.post("/securite/mot-de-passe", data=form).headers["location"] == "/securite"
    assert client.get("/securite").status_code == 200
    sign_in(client, world, "maude", ANOTHER)


def test_password_change_failures_count_as_sign_in_failures(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    body = {"present": "ce n’est pas la bonne phrase", "password": ANOTHER}
    statuses = [client.put("/api/v1/me/password", json=body).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert client.put("/api/v1/me/password", json=body | {"present": PASSWORD}).status_code == 429
    signing_in = client.post("/api/v1/sign-ins", json={"email": world.emails["maude"], "password": PASSWORD})
    assert signing_in.status_code == 429
    assert status(client, bearer(client, world, "karim")) == 200


# Suspension -------------------------------------------------------------------------------------


def test_suspension_ends_sign_ins_and_tokens(client: TestClient, database: Database, world: World) -> None:
    signed = bearer(client, world, "maude")
    program = {"Authorization": f"Bearer {api_token(database, world, 'maude', Permission.ME_READ)}"}
    assert [status(client, h) for h in (signed, program)] == [200, 200]
    as_(client, database, world, "admin")
    suspension = f"/api/v1/accounts/{world.people['maude']}/suspension"
    assert client.put(suspension).status_code == 204
    assert client.put(suspension).status_code == 204
    assert [status(client, h) for h in (signed, program)] == [401, 401]
    again = client.post("/api/v1/sign-ins", json={"email": world.emails["maude"], "password": PASSWORD})
    assert again.json()["code"] == "wrong_sign_in"
    assert client.delete(suspension).status_code == 204
    assert [status(client, h) for h in (signed, program)] == [401, 401], (
        "sign-ins and tokens that were ended stay ended"
    )
    assert status(client, bearer(client, world, "maude")) == 200


def test_suspension_from_the_page(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    maude = world.people["maude"]
    page = client.get("/comptes", params={"recherche": "berube maude"}).text
    assert f'action="/comptes/{maude}/suspension?' in page
    assert "Karim" not in page
    assert client.post(f"/comptes/{maude}/suspension").headers["location"] == "/comptes"
    page = client.get("/comptes", params={"recherche": "berube maude"}).text
    assert f'action="/comptes/{maude}/retablissement?' in page
    assert client.post(f"/comptes/{maude}/retablissement").status_code == 303
    assert status(client, bearer(client, world, "maude")) == 200
    assert f"/comptes/{world.people['admin']}/" not in client.get("/comptes").text


def test_accounts_pages_follow_one_another_without_gap(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    whole = client.get("/api/v1/accounts").json()["items"]
    assert len(whole) == len(world.people)
    items, after = [], None
    while True:
        page = client.get("/api/v1/accounts", params={"limit": 4} | ({"after": after} if after else {})).json()
        items += page["items"]
        after = page["next"]
        if after is None:
            break
    assert items == whole


def test_suspension_of_oneself_is_refused(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "admin")
    own = client.put(f"/api/v1/accounts/{world.people['admin']}/suspension")
    assert (own.status_code, own.json()["code"]) == (403, "own_case")
    assert client.put("/api/v1/accounts/999999/suspension").status_code == 404


@pytest.mark.parametrize("who", ["maude", "coordinator", "registrar", "observer"])
def test_suspension_by_others_is_forbidden(client: TestClient, database: Database, world: World, who: str) -> None:
    as_(client, database, world, who)
    suspension = f"/api/v1/accounts/{world.people['karim']}/suspension"
    assert [client.put(suspension).status_code, client.delete(suspension).status_code] == [403, 403]
    assert client.get("/api/v1/accounts").status_code == 403
    assert client.get("/comptes").status_code == 403


def test_suspension_of_each_other_at_once_keeps_one_administrator(
    client: TestClient, database: Database, world: World
) -> None:
    with database.transaction() as db:
        grant_role(db, world.people["coordinator"], Role.ADMIN)
    pair = ("admin", "coordinator")
    headers = {who: {"Authorization": as_(client, database, world, who).headers["Authorization"]} for who in pair}
    for round_ in range(5):
        change(database, "update account set suspended_at = null")
        change(database, "update sign_in set ended_at = null")
        barrier_of_round = threading.Barrier(2)

        def suspend(who: str, barrier: threading.Barrier = barrier_of_round) -> int:
            other = world.people[pair[1 - pair.index(who)]]
            barrier.wait()
            return client.put(f"/api/v1/accounts/{other}/suspension", headers=headers[who]).status_code

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(suspend, pair)) == [204, 401], round_
