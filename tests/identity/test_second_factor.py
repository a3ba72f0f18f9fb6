"""The second factor: who needs one, setting it up, verifying it, losing it."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from html import unescape

import pyotp
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.roles.service import grant_role
from app.platform import clock
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.keyring import KeyPurpose
from app.platform.security.permissions import Permission, Role
from tests.conftest import RING
from tests.factories.network import PASSWORD, World, api_token, as_, pending_token

PAGE = "/connexion/second-facteur"
API = "/api/v1/sign-ins/current/second-factor"


@pytest.fixture(autouse=True)
def noon() -> Iterator[datetime]:
    """Freeze the clock in the middle of a step of 30 seconds, not at its edge."""
    moment = datetime.now(UTC).replace(second=15, microsecond=0)
    with clock.at(moment):
        yield moment


def sign_in_by_page(client: TestClient, world: World, who: str, suite: str = "/") -> str:
    """Return where the browser is sent after the password alone."""
    form = {"email": world.emails[who], "password": PASSWORD}
    location = client.post("/connexion", params={"suite": suite}, data=form).headers["location"]
    return str(client.get(location).headers["location"])


def query(database: Database, statement: str, **values: object) -> list[tuple[object, ...]]:
    """Return rows, read as the owner of the database."""
    with database.engine.begin() as connection:
        result = connection.execute(text(statement), values)
        return [tuple(row) for row in result] if result.returns_rows else []


def proposal_in(page: str) -> str:
    """Return the proposal that a page holds."""
    match = re.search(r'name="proposal" value="([^"]+)"', page)
    assert match is not None
    return match[1]


def secret_in(page: str) -> str:
    """Return the secret that a page shows in groups of four."""
    match = re.search(r"<code>((?:[A-Z2-7]{4} ?)+)</code>", page)
    assert match is not None
    return match[1].replace(" ", "")


def code_of(secret: str, steps: int = 0) -> str:
    """Return the code that an application shows now, or some steps from now."""
    return pyotp.TOTP(secret).at(clock.now() + timedelta(seconds=30 * steps))


def set_up(client: TestClient, present: str | None = PASSWORD) -> tuple[str, list[str]]:
    """Set up a second factor as a program; return its secret and recovery codes, the client under its new token."""
    proposed = client.post("/api/v1/me/second-factor/proposals").json()
    body = {"proposal": proposed["proposal"], "code": code_of(proposed["secret"]), "present": present}
    answer = client.put("/api/v1/me/second-factor", json=body)
    assert answer.status_code == 200, answer.text
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return proposed["secret"], answer.json()["codes"]


def sign_in_again(client: TestClient, world: World, who: str) -> None:
    """Sign in again as a program, with the password alone."""
    client.headers.pop("Authorization", None)
    answer = client.post("/api/v1/sign-ins", json={"email": world.emails[who], "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"


def verify(client: TestClient, code: str) -> int:
    """Return the status of verifying a code; on success the client goes on under its new token."""
    answer = client.post(API, json={"code": code})
    if answer.status_code == 201:
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return answer.status_code


# Who needs one ----------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["registrar", "admin"])
def test_second_factor_needed_by_a_role_is_set_up_before_anything_else(
    client: TestClient, world: World, who: str
) -> None:
    assert sign_in_by_page(client, world, who) == PAGE
    for path in ("/cohortes", "/securite", "/rapports", "/comptes", "/securite/jetons"):
        assert client.get(path).headers["location"] == f"{PAGE}?suite={path}"
    api = client.get("/api/v1/me")
    assert (api.status_code, api.json()["code"]) == (403, "second_factor_required")
    assert client.post("/securite/appareils/fin").status_code == 403
    page = client.get(PAGE)
    assert page.status_code == 200
    assert 'src="data:image/svg+xml' in page.text
    for name in ("Régine", "Ariane", "/securite", "/cohortes"):
        assert name not in page.text, "the account is hidden before the second factor"


@pytest.mark.parametrize("who", ["maude", "trainer", "coordinator", "observer"])
def test_second_factor_is_not_needed_by_other_roles(client: TestClient, world: World, who: str) -> None:
    form = {"email": world.emails[who], "password": PASSWORD}
    assert client.post("/connexion", data=form).headers["location"] == "/"
    assert client.get("/").status_code == 200
    away = client.get(PAGE, params={"suite": "//ailleurs.example"})
    assert (away.status_code, away.headers["location"]) == (303, "/")


def test_second_factor_is_not_needed_in_the_demo(client: TestClient, world: World, settings: Settings) -> None:
    client.app.state.settings = settings.model_copy(update={"environment": "demo"})  # type: ignore[attr-defined]
    client.post("/connexion", data={"email": world.emails["admin"], "password": PASSWORD})
    assert client.get("/").status_code == 200


def test_pending_sign_in_can_sign_out(client: TestClient, world: World, database: Database) -> None:
    sign_in_by_page(client, world, "registrar")
    before = dict(client.cookies)
    client.post("/deconnexion")
    client.cookies.update(before)
    assert client.get(PAGE).headers["location"].startswith("/connexion?")
    headers = {"Authorization": f"Bearer {pending_token(database, world, 'maude')}"}
    assert client.delete("/api/v1/sign-ins/current", headers=headers).status_code == 204
    assert client.delete("/api/v1/sign-ins/current", headers=headers).status_code == 401


# Setting it up ----------------------------------------------------------------------------------


def test_second_factor_set_up_at_the_sign_in_page(client: TestClient, world: World, database: Database) -> None:
    assert sign_in_by_page(client, world, "registrar", "/rapports") == f"{PAGE}?suite=/rapports"
    before = client.cookies["escouade"]
    page = client.get(PAGE, params={"suite": "/rapports"}).text
    action = re.search(r'<form method="post" action="([^"]+)" class="stack"', page)
    assert action is not None
    address = unescape(action[1])
    wrong = client.post(address, data={"proposal": proposal_in(page), "code": "000000"})
    assert wrong.status_code == 422
    assert secret_in(wrong.text) == secret_in(page), "the secret already scanned is still valid"
    done = client.post(address, data={"proposal": proposal_in(wrong.text), "code": code_of(secret_in(page))})
    assert done.status_code == 200
    codes = re.findall(r"<code>([0-9a-z-]{19})</code>", done.text)
    assert len(set(codes)) == 10
    assert 'href="/rapports"' in done.text
    assert client.cookies["escouade"] != before
    assert client.get("/rapports").status_code == 200
    client.cookies.clear()
    client.cookies.set("escouade", before)
    assert client.get("/rapports").headers["location"] == "/connexion?suite=/rapports"
    assert len(query(database, "select 1 from recovery_code where used_at is null")) == 10
    secret, rows = secret_in(page), query(database, "select account_secret::text from account_secret")
    rows += query(database, "select recovery_code::text from recovery_code")
    whole = str(rows)
    assert secret not in whole
    assert not any(code.replace("-", "") in whole for code in codes)


def test_second_factor_set_up_once_signed_in_requires_the_password(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    proposed = client.post("/api/v1/me/second-factor/proposals").json()
    body = {"proposal": proposed["proposal"], "code": code_of(proposed["secret"])}
    for present in (None, "ce n’est pas la bonne phrase"):
        answer = client.put("/api/v1/me/second-factor", json=body | {"present": present})
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_password")
    assert client.put("/api/v1/me/second-factor", json=body | {"present": PASSWORD}).status_code == 200


def test_second_factor_proposal_is_valid_for_one_sign_in_and_half_an_hour(
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


def test_second_factor_not_proven_cannot_be_replaced(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    set_up(client)
    sign_in_again(client, world, "maude")
    assert client.post("/api/v1/me/second-factor/proposals").status_code == 403
    body = {"proposal": "v1.AAAA", "code": "123456", "present": PASSWORD}
    answer = client.put("/api/v1/me/second-factor", json=body)
    assert (answer.status_code, answer.json()["code"]) == (403, "second_factor_required")


def test_second_factor_replaced_refuses_the_old_codes(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    old, old_codes = set_up(client)
    new, _ = set_up(client)
    with clock.at(noon + timedelta(minutes=2)):
        for wrong in (code_of(old), old_codes[0]):
            sign_in_again(client, world, "maude")
            assert verify(client, wrong) == 422
        assert verify(client, code_of(new)) == 201


def test_second_factor_set_up_is_required_of_every_other_sign_in(
    client: TestClient, database: Database, world: World
) -> None:
    sign_in_again(client, world, "maude")
    other = client.headers["Authorization"]
    sign_in_again(client, world, "maude")
    set_up(client)
    assert client.get("/api/v1/me").status_code == 200
    refused = client.get("/api/v1/me", headers={"Authorization": other})
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")


# Verifying it -----------------------------------------------------------------------------------


def test_second_factor_code_works_once_and_renews_the_sign_in(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    secret, _ = set_up(client)
    sign_in_again(client, world, "maude")
    assert verify(client, code_of(secret)) == 422, "the code that confirmed the device is used"
    with clock.at(noon + timedelta(seconds=60)):
        code, pending = code_of(secret), client.headers["Authorization"]
        assert verify(client, code) == 201
        assert client.get("/api/v1/me").status_code == 200
        assert client.get("/api/v1/me", headers={"Authorization": pending}).status_code == 401
        assert client.post(API, json={"code": code}).json()["code"] == "second_factor_proven"
        sign_in_again(client, world, "maude")
        assert verify(client, code) == 422


def test_second_factor_is_verified_on_a_page(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    secret, codes = set_up(client)
    client.headers.pop("Authorization")
    assert sign_in_by_page(client, world, "maude", "/parcours") == f"{PAGE}?suite=/parcours"
    before = client.cookies["escouade"]
    with clock.at(noon + timedelta(seconds=60)):
        wrong = client.post(PAGE, params={"suite": "/parcours"}, data={"code": "123456"})
        assert wrong.status_code == 422
        assert 'aria-invalid="true"' in wrong.text
        assert "123456" not in wrong.text
        right = client.post(PAGE, params={"suite": "/parcours"}, data={"code": codes[0].upper().replace("-", " ")})
        assert (right.status_code, right.headers["location"]) == (303, "/parcours")
        assert client.cookies["escouade"] != before
        assert "Maude Bérubé" in client.get("/").text
        client.cookies.clear()
        client.cookies.set("escouade", before)
        assert client.get("/").headers["location"] == "/connexion"
    assert secret


def test_recovery_code_works_once(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    _, codes = set_up(client)
    sign_in_again(client, world, "maude")
    assert verify(client, codes[3]) == 201
    assert client.get("/api/v1/me/second-factor").json()["codes_left"] == 9
    sign_in_again(client, world, "maude")
    assert verify(client, codes[3]) == 422
    assert verify(client, codes[4]) == 201


def test_recovery_code_sent_concurrently_works_once(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    _, codes = set_up(client)
    tokens = []
    for _ in range(4):
        sign_in_again(client, world, "maude")
        tokens.append(client.headers["Authorization"])

    def verify_with(token: str) -> int:
        return client.post(API, json={"code": codes[0]}, headers={"Authorization": token}).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(verify_with, tokens))
    assert statuses == [201, 422, 422, 422]


def test_second_factor_failures_are_limited_for_that_account_only(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "karim")
    other, _ = set_up(client)
    as_(client, database, world, "maude")
    secret, codes = set_up(client)
    for _ in range(10):
        sign_in_again(client, world, "maude")  # a new sign-in does not reset the limit
        assert verify(client, "000000") == 422
    refused = client.post(API, json={"code": codes[0]})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["retry-after"]) <= 900
    with clock.at(noon + timedelta(minutes=1)):
        sign_in_again(client, world, "karim")
        assert verify(client, code_of(other)) == 201
    with clock.at(noon + timedelta(minutes=16)):
        sign_in_again(client, world, "maude")
        assert verify(client, code_of(secret)) == 201


def test_second_factor_verified_without_one_is_refused(client: TestClient, world: World) -> None:
    sign_in_again(client, world, "registrar")
    answer = client.post(API, json={"code": "123456"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_second_factor")


def test_second_factor_secret_is_bound_to_its_account(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    secret, _ = set_up(client)
    ((account, encrypted),) = query(
        database, "select account_id, totp_sealed from account_secret where totp_sealed is not null"
    )
    assert RING.decrypt(KeyPurpose.TOTP, str(encrypted), bound=f"account:{account}") == secret
    query(database, "update account set totp_confirmed_at = now() where email = :email", email=world.emails["karim"])
    query(database, "update account_secret set totp_sealed = :sealed where account_id ="
         " (select id from account where email = :email)", sealed=encrypted, email=world.emails["karim"])  # fmt: skip
    sign_in_again(client, world, "karim")
    copied = client.post(API, json={"code": code_of(secret)})
    assert (copied.status_code, copied.json()["code"]) == (503, "seal_broken")


# Recovery codes, and removal --------------------------------------------------------------------


def test_recovery_codes_renewed_replace_the_old_ones(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    path = "/api/v1/me/second-factor/recovery-codes"
    assert client.post(path, json={"present": PASSWORD}).json()["code"] == "no_second_factor"
    _, old = set_up(client)
    assert client.post(path, json={"present": "autre phrase de passe"}).json()["code"] == "wrong_password"
    new = client.post(path, json={"present": PASSWORD}).json()["codes"]
    assert len(set(new) - set(old)) == 10
    sign_in_again(client, world, "maude")
    assert verify(client, old[0]) == 422
    assert verify(client, new[0]) == 201


def test_second_factor_removal_requires_the_password(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    path = "/api/v1/me/second-factor/removal"
    assert client.post(path, json={"present": PASSWORD}).json()["code"] == "no_second_factor"
    set_up(client)
    assert client.post(path, json={"present": "autre phrase de passe"}).json()["code"] == "wrong_password"
    assert client.post(path, json={"present": PASSWORD}).status_code == 204
    assert query(database, "select 1 from recovery_code") == []
    assert query(database, "select 1 from account_secret where totp_sealed is not null or totp_step is not null") == []
    sign_in_again(client, world, "maude")
    assert client.get("/api/v1/me").status_code == 200


def test_second_factor_removal_is_refused_to_roles_that_need_it(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "registrar")
    set_up(client)
    answer = client.post("/api/v1/me/second-factor/removal", json={"present": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (409, "second_factor_needed")
    assert "/securite/second-facteur/retrait" not in client.get("/securite").text


def test_second_factor_removal_with_a_short_password_is_refused(
    client: TestClient, database: Database, world: World
) -> None:
    short = "neuf mots"
    as_(client, database, world, "maude")
    change = {"present": PASSWORD, "password": short}
    assert client.put("/api/v1/me/password", json=change).json()["code"] == "password_short"
    set_up(client)
    assert client.put("/api/v1/me/password", json=change).status_code == 204
    answer = client.post("/api/v1/me/second-factor/removal", json={"present": short})
    assert (answer.status_code, answer.json()["code"]) == (422, "password_short")


def test_second_factor_page_sets_up_renews_and_removes(
    client: TestClient, database: Database, world: World, noon: datetime
) -> None:
    as_(client, database, world, "maude")
    page = client.get("/securite/second-facteur").text
    form = {"proposal": proposal_in(page), "code": code_of(secret_in(page))}
    wrong = client.post("/securite/second-facteur", data=form | {"present": "autre phrase de passe"})
    assert wrong.status_code == 422
    assert "autre phrase" not in wrong.text
    done = client.post("/securite/second-facteur", data=form | {"present": PASSWORD})
    assert len(re.findall(r"<code>", done.text)) == 10
    client.headers["Authorization"] = f"Bearer {client.cookies['escouade']}"
    assert "10 codes de secours" in client.get("/securite").text
    codes = client.post("/securite/second-facteur/codes", data={"present": PASSWORD})
    assert len(re.findall(r"<code>", codes.text)) == 10
    for path in ("codes", "retrait"):
        refused = client.post(f"/securite/second-facteur/{path}", data={"present": "autre phrase de passe"})
        assert (refused.status_code, 'role="alert"' in refused.text) == (422, True)
    assert client.post("/securite/second-facteur/retrait", data={"present": PASSWORD}).status_code == 303
    assert client.get("/api/v1/me/second-factor").json() == {
        "on": False, "since": None, "codes_left": 0, "needed": False,
    }  # fmt: skip


def test_api_token_of_a_person_whose_new_role_needs_a_second_factor_is_refused(
    client: TestClient, database: Database, world: World
) -> None:
    headers = {"Authorization": f"Bearer {api_token(database, world, 'trainer', Permission.COHORT_READ)}"}
    assert client.get("/api/v1/cohorts", headers=headers).status_code == 200
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["trainer"], Role.REGISTRAR, college_id=world.alma)
    refused = client.get("/api/v1/cohorts", headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_required")
