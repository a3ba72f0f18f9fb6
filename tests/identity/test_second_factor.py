"""The second factor: who must have one, taking it, proving it, losing it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.roles.service import grant_role
from app.platform import clock
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.keyring import Use
from app.platform.security.permissions import Permission, Role
from tests.conftest import RING
from tests.factories.network import PASSWORD, World, api_token, as_, pending_token

DOOR = "/connexion/second-facteur"
API_DOOR = "/api/v1/sign-ins/current/second-factor"


@pytest.fixture(autouse=True)
def noon() -> Iterator[datetime]:
    """Every test begins in the middle of one step of 30 seconds, not at its edge."""
    moment = datetime.now(UTC).replace(second=15, microsecond=0)
    with clock.at(moment):
        yield moment


def enter(client: TestClient, world: World, who: str, suite: str = "/") -> str:
    """Where the password alone leads."""
    form = {"email": world.emails[who], "password": PASSWORD}
    landed = client.post("/connexion", params={"suite": suite}, data=form).headers["location"]
    return str(client.get(landed).headers["location"])


def kept(database: Database, statement: str, **values: object) -> list[tuple[object, ...]]:
    """Rows as the owner sees them."""
    with database.engine.begin() as connection:
        found = connection.execute(text(statement), values)
        return [tuple(row) for row in found] if found.returns_rows else []


def hidden(page: str) -> str:
    """The proposal that a page holds."""
    found = re.search(r'name="proposal" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def shown_secret(page: str) -> str:
    """The secret that a page shows in groups of four."""
    found = re.search(r"<code>((?:[A-Z2-7]{4} ?)+)</code>", page)
    assert found is not None
    return found[1].replace(" ", "")


def code_of(secret: str, steps: int = 0) -> str:
    """The code that an application shows now, or some steps from now."""
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * steps))


def take(client: TestClient, present: str | None = PASSWORD) -> tuple[str, list[str]]:
    """Take a second factor as a program: its secret and recovery codes; the client goes on under the new token."""
    proposed = client.post("/api/v1/me/second-factor/proposals").json()
    body = {"proposal": proposed["proposal"], "code": code_of(proposed["secret"]), "present": present}
    answer = client.put("/api/v1/me/second-factor", json=body)
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return proposed["secret"], answer.json()["codes"]


def again(client: TestClient, world: World, who: str) -> None:
    """Sign in anew as a program, with the password alone."""
    client.headers.pop("Authorization", None)
    answer = client.post("/api/v1/sign-ins", json={"email": world.emails[who], "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"


def prove(client: TestClient, code: str) -> int:
    """The status of the second factor's door; on success the client goes on under the new token."""
    answer = client.post(API_DOOR, json={"code": code})
    if answer.status_code == 201:
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return answer.status_code


# Who must ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["registrar", "admin"])
def test_a_role_that_needs_one_is_taken_to_enrolment_and_nowhere_else(
    client: TestClient, world: World, who: str
) -> None:
    assert enter(client, world, who) == DOOR
    for path in ("/cohortes", "/securite", "/rapports", "/comptes", "/securite/jetons"):
        assert client.get(path).headers["location"] == f"{DOOR}?suite={path}"
    api = client.get("/api/v1/me")
    assert (api.status_code, api.json()["code"]) == (403, "second_factor_required")
    assert client.post("/securite/appareils/fin").status_code == 403
    page = client.get(DOOR)
    assert page.status_code == 200
    assert 'src="data:image/svg+xml' in page.text
    for name in ("Régine", "Ariane", "/securite", "/cohortes"):
        assert name not in page.text, "nothing of the account before the second factor"


@pytest.mark.parametrize("who", ["maude", "trainer", "coordinator", "observer"])
def test_others_enter_with_a_password(client: TestClient, world: World, who: str) -> None:
    form = {"email": world.emails[who], "password": PASSWORD}
    assert client.post("/connexion", data=form).headers["location"] == "/"
    assert client.get("/").status_code == 200
    away = client.get(DOOR, params={"suite": "//ailleurs.example"})
    assert (away.status_code, away.headers["location"]) == (303, "/")


def test_the_demo_network_asks_nobody(client: TestClient, world: World, settings: Settings) -> None:
    client.app.state.settings = settings.model_copy(update={"environment": "demo"})  # type: ignore[attr-defined]
    client.post("/connexion", data={"email": world.emails["admin"], "password": PASSWORD})
    assert client.get("/").status_code == 200


def test_a_pending_sign_in_can_be_left(client: TestClient, world: World, database: Database) -> None:
    enter(client, world, "registrar")
    before = dict(client.cookies)
    client.post("/deconnexion")
    client.cookies.update(before)
    assert client.get(DOOR).headers["location"].startswith("/connexion?")
    headers = {"Authorization": f"Bearer {pending_token(database, world, 'maude')}"}
    assert client.delete("/api/v1/sign-ins/current", headers=headers).status_code == 204
    assert client.delete("/api/v1/sign-ins/current", headers=headers).status_code == 401


# Taking one -------------------------------------------------------------------------------------


def test_enrolment_at_the_sign_in_with_a_browser(client: TestClient, world: World, database: Database) -> None:
    assert enter(client, world, "registrar", "/rapports") == f"{DOOR}?suite=/rapports"
    before = client.cookies["escouade"]
    page = client.get(DOOR, params={"suite": "/rapports"}).text
    action = re.search(r'<form class="stack" method="post" action="([^"]+)"', page)
    assert action is not None
    wrong = client.post(action[1], data={"proposal": hidden(page), "code": "000000"})
    assert wrong.status_code == 422
    assert shown_secret(wrong.text) == shown_secret(page), "what was scanned still holds"
    done = client.post(action[1], data={"proposal": hidden(wrong.text), "code": code_of(shown_secret(page))})
    assert done.status_code == 200
    codes = re.findall(r"<code>([0-9a-z-]{19})</code>", done.text)
    assert len(set(codes)) == 10
    assert 'href="/rapports"' in done.text
    assert client.cookies["escouade"] != before
    assert client.get("/rapports").status_code == 200
    client.cookies.clear()
    client.cookies.set("escouade", before)
    assert client.get("/rapports").headers["location"] == "/connexion?suite=/rapports"
    assert len(kept(database, "select 1 from recovery_code where used_at is null")) == 10
    secret, rows = shown_secret(page), kept(database, "select account::text from account")
    rows += kept(database, "select recovery_code::text from recovery_code")
    whole = str(rows)
    assert secret not in whole
    assert not any(code.replace("-", "") in whole for code in codes)


def test_enrolment_asks_the_password_of_whoever_is_signed_in_for_good(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    proposed = client.post("/api/v1/me/second-factor/proposals").json()
    body = {"proposal": proposed["proposal"], "code": code_of(proposed["secret"])}
    for present in (None, "ce n’est pas la bonne phrase"):
        answer = client.put("/api/v1/me/second-factor", json=body | {"present": present})
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_password")
    assert client.put("/api/v1/me/second-factor", json=body | {"present": PASSWORD}).status_code == 200


def test_a_proposal_is_for_one_sign_in_and_half_an_hour(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    proposed = client.post("/api/v1/me/second-factor/proposals").json()
    body = {"proposal": proposed["proposal"], "present": PASSWORD}

    def answer(**changed: str) -> str:
        return str(client.put("/api/v1/me/second-factor", json=body | changed).json().get("code"))

    for wrong in ("x", "v1.é", "v9." + proposed["proposal"][3:], proposed["proposal"][:-6] + "AAAAA=", "v.", "v1.AAAA"):
        assert answer(proposal=wrong, code="123456") == "proposal_over", wrong
    with clock.at(noon + timedelta(minutes=31)):
        assert answer(code=code_of(proposed["secret"])) == "proposal_over"
    as_(client, database, world, "karim")
    assert answer(code=code_of(proposed["secret"])) == "proposal_over"


def test_nobody_takes_another_in_place_of_one_not_proven(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    take(client)
    again(client, world, "maude")
    assert client.post("/api/v1/me/second-factor/proposals").status_code == 403
    body = {"proposal": "v1.AAAA", "code": "123456", "present": PASSWORD}
    answer = client.put("/api/v1/me/second-factor", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")


def test_another_device_replaces_the_one_before(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    old, old_codes = take(client)
    new, _ = take(client)
    with clock.at(noon + timedelta(minutes=2)):
        for wrong in (code_of(old), old_codes[0]):
            again(client, world, "maude")
            assert prove(client, wrong) == 422
        assert prove(client, code_of(new)) == 201


def test_taking_one_asks_it_of_every_other_sign_in(client: TestClient, database: Database, world: World) -> None:
    again(client, world, "maude")
    other = client.headers["Authorization"]
    again(client, world, "maude")
    take(client)
    assert client.get("/api/v1/me").status_code == 200
    refused = client.get("/api/v1/me", headers={"Authorization": other})
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")


# Proving it -------------------------------------------------------------------------------------


def test_a_code_opens_once_and_renews_the_secret(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    secret, _ = take(client)
    again(client, world, "maude")
    assert prove(client, code_of(secret)) == 422, "the code that confirmed the device has served"
    with clock.at(noon + timedelta(seconds=60)):
        code, pending = code_of(secret), client.headers["Authorization"]
        assert prove(client, code) == 201
        assert client.get("/api/v1/me").status_code == 200
        assert client.get("/api/v1/me", headers={"Authorization": pending}).status_code == 401
        assert client.post(API_DOOR, json={"code": code}).json()["code"] == "second_factor_proven"
        again(client, world, "maude")
        assert prove(client, code) == 422


def test_the_browser_proves_it_on_a_page(client: TestClient, database: Database, world: World, noon: datetime) -> None:
    as_(client, database, world, "maude")
    secret, codes = take(client)
    client.headers.pop("Authorization")
    assert enter(client, world, "maude", "/parcours") == f"{DOOR}?suite=/parcours"
    before = client.cookies["escouade"]
    with clock.at(noon + timedelta(seconds=60)):
        wrong = client.post(DOOR, params={"suite": "/parcours"}, data={"code": "123456"})
        assert wrong.status_code == 422
        assert 'aria-invalid="true"' in wrong.text
        assert "123456" not in wrong.text
        right = client.post(DOOR, params={"suite": "/parcours"}, data={"code": codes[0].upper().replace("-", " ")})
        assert (right.status_code, right.headers["location"]) == (303, "/parcours")
        assert client.cookies["escouade"] != before
        assert "Maude Bérubé" in client.get("/").text
        client.cookies.clear()
        client.cookies.set("escouade", before)
        assert client.get("/").headers["location"] == "/connexion"
    assert secret


def test_a_recovery_code_serves_once(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    _, codes = take(client)
    again(client, world, "maude")
    assert prove(client, codes[3]) == 201
    assert client.get("/api/v1/me/second-factor").json()["codes_left"] == 9
    again(client, world, "maude")
    assert prove(client, codes[3]) == 422
    assert prove(client, codes[4]) == 201


def test_one_code_sent_many_times_at_once_opens_once(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    _, codes = take(client)
    tokens = []
    for _ in range(4):
        again(client, world, "maude")
        tokens.append(client.headers["Authorization"])

    def knock(token: str) -> int:
        return client.post(API_DOOR, json={"code": codes[0]}, headers={"Authorization": token}).status_code

    with ThreadPoolExecutor(4) as pool:
        found = sorted(pool.map(knock, tokens))
    assert found == [201, 422, 422, 422]


def test_eleven_wrong_codes_close_the_door_for_that_account_only(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "karim")
    other, _ = take(client)
    as_(client, database, world, "maude")
    secret, codes = take(client)
    for _ in range(10):
        again(client, world, "maude")  # a new sign-in gives no new tries
        assert prove(client, "000000") == 422
    refused = client.post(API_DOOR, json={"code": codes[0]})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 900
    with clock.at(noon + timedelta(minutes=1)):
        again(client, world, "karim")
        assert prove(client, code_of(other)) == 201
    with clock.at(noon + timedelta(minutes=16)):
        again(client, world, "maude")
        assert prove(client, code_of(secret)) == 201


def test_there_is_nothing_to_prove_without_one(client: TestClient, world: World) -> None:
    again(client, world, "registrar")
    answer = client.post(API_DOOR, json={"code": "123456"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_second_factor")


def test_the_secret_opens_in_its_account_only(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    secret, _ = take(client)
    ((account, sealed),) = kept(database, "select id, totp_sealed from account where totp_sealed is not null")
    assert RING.decrypt(Use.TOTP, str(sealed), bound=f"account:{account}") == secret
    kept(database, "update account set totp_sealed = :sealed, totp_confirmed_at = now() where email = :email",
         sealed=sealed, email=world.emails["karim"])  # fmt: skip
    again(client, world, "karim")
    moved = client.post(API_DOOR, json={"code": code_of(secret)})
    assert (moved.status_code, moved.json()["code"]) == (503, "seal_broken")


# Losing it, leaving it --------------------------------------------------------------------------


def test_new_recovery_codes_replace_the_old_ones(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    door = "/api/v1/me/second-factor/recovery-codes"
    assert client.post(door, json={"present": PASSWORD}).json()["code"] == "no_second_factor"
    _, old = take(client)
    assert client.post(door, json={"present": "autre phrase de passe"}).json()["code"] == "wrong_password"
    new = client.post(door, json={"present": PASSWORD}).json()["codes"]
    assert len(set(new) - set(old)) == 10
    again(client, world, "maude")
    assert prove(client, old[0]) == 422
    assert prove(client, new[0]) == 201


def test_removing_it_asks_the_password(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    door = "/api/v1/me/second-factor/removal"
    assert client.post(door, json={"present": PASSWORD}).json()["code"] == "no_second_factor"
    take(client)
    assert client.post(door, json={"present": "autre phrase de passe"}).json()["code"] == "wrong_password"
    assert client.post(door, json={"present": PASSWORD}).status_code == 204
    assert kept(database, "select 1 from recovery_code") == []
    assert kept(database, "select 1 from account where totp_sealed is not null or totp_step is not null") == []
    again(client, world, "maude")
    assert client.get("/api/v1/me").status_code == 200


def test_who_needs_it_cannot_remove_it(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "registrar")
    take(client)
    answer = client.post("/api/v1/me/second-factor/removal", json={"present": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "second_factor_needed")
    assert "/securite/second-facteur/retrait" not in client.get("/securite").text


def test_a_password_too_short_alone_keeps_its_second_factor(
    client: TestClient, database: Database, world: World
) -> None:
    short = "neuf mots"
    as_(client, database, world, "maude")
    change = {"present": PASSWORD, "password": short}
    assert client.put("/api/v1/me/password", json=change).json()["code"] == "password_short"
    take(client)
    assert client.put("/api/v1/me/password", json=change).status_code == 204
    answer = client.post("/api/v1/me/second-factor/removal", json={"present": short})
    assert (answer.status_code, answer.json()["code"]) == (422, "password_short")


def test_the_page_of_whoever_has_one(client: TestClient, database: Database, world: World, noon: datetime) -> None:
    as_(client, database, world, "maude")
    page = client.get("/securite/second-facteur").text
    form = {"proposal": hidden(page), "code": code_of(shown_secret(page))}
    wrong = client.post("/securite/second-facteur", data=form | {"present": "autre phrase de passe"})
    assert wrong.status_code == 422
    assert "autre phrase" not in wrong.text
    done = client.post("/securite/second-facteur", data=form | {"present": PASSWORD})
    assert len(re.findall(r"<code>", done.text)) == 10
    client.headers["Authorization"] = f"Bearer {client.cookies['escouade']}"
    assert "10 codes de secours" in client.get("/securite").text
    codes = client.post("/securite/second-facteur/codes", data={"present": PASSWORD})
    assert len(re.findall(r"<code>", codes.text)) == 10
    for door in ("codes", "retrait"):
        refused = client.post(f"/securite/second-facteur/{door}", data={"present": "autre phrase de passe"})
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
    assert client.post("/securite/second-facteur/retrait", data={"present": PASSWORD}).status_code == 303
    assert client.get("/api/v1/me/second-factor").json() == {
        "on": False, "since": None, "codes_left": 0, "needed": False,
    }  # fmt: skip


def test_a_token_made_before_the_role_waits_for_the_second_factor(
    client: TestClient, database: Database, world: World
) -> None:
    headers = {"Authorization": f"Bearer {api_token(database, world, 'trainer', Permission.COHORT_READ)}"}
    assert client.get("/api/v1/cohorts", headers=headers).status_code == 200
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["trainer"], Role.REGISTRAR, college_id=world.alma)
    refused = client.get("/api/v1/cohorts", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")
