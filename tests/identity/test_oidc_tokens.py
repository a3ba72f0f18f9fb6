"""Every forged answer of an issuer is refused, by the check that is there for it (OIDC Core 3.1.3.7)."""

import base64
import json
import logging
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import text

from app.platform.clock import now
from app.platform.database.transaction import Database
from tests.factories.network import World, count
from tests.factories.oidc_provider import (
    EC,
    OTHER_RSA,
    RSA,
    Claims,
    Provider,
    departed,
    linked,
    offered,
    returned,
    serving,
    signed,
    walk,
)

BACK = "/connexion/oidc/retour"
TENANT = "6f5d0a0e-1111-4222-8333-444455556666"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An issuer that a test may bend."""
    with serving() as found:
        yield found


@pytest.fixture
def door(client: TestClient, database: Database, world: World, provider: Provider) -> int:
    """It is Alma's service, and Maude's account is linked to its subject."""
    linked(database, world, "maude", provider.issuer)
    return offered(client, database, world, provider.issuer)


@pytest.fixture
def why(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Which check refused, as the log tells it."""
    caplog.set_level(logging.WARNING, logger="escouade.oidc")
    return lambda: caplog.records[-1].getMessage() if caplog.records else ""


def nobody_is_in(client: TestClient, database: Database) -> bool:
    """Whether no sign-in of a browser was opened, and the site knows nobody."""
    with database.as_owner() as db:
        opened = db.execute(text("select count(*) from sign_in where kind = 'cookie'")).scalar_one()
    return opened == 0 and client.get("/").headers.get("location") == "/connexion" and "escouade" not in client.cookies


def unsigned(claims: Claims) -> str:
    """A token whose header says that it needs no signature."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


def by_public_key(claims: Claims) -> str:
    """A token signed with what everyone knows: the public key, taken as a shared secret."""
    public = RSA.as_pem(private=False)
    return jwt.encode(
        {"alg": "HS256", "kid": "un"}, claims, OctKey.import_key(public.replace(b"-----", b"")), ["HS256"]
    )


def less(claims: Claims, name: str) -> str:
    """A signed token without a claim."""
    return signed({k: v for k, v in claims.items() if k != name})


HOUR = 3600
FORGED: dict[str, tuple[Callable[[Claims], str], str]] = {
    "alg none": (unsigned, "signature"),
    "HS256 with the public key": (by_public_key, "signature"),
    "RS512, not one of ours": (lambda c: signed(c, alg="RS512"), "signature"),
    "wrong aud": (lambda c: signed(c | {"aud": "un-autre"}), "aud"),
    "several aud, no azp": (lambda c: signed(c | {"aud": [c["aud"], "un-autre"]}), "aud"),
    "azp of another": (lambda c: signed(c | {"azp": "un-autre"}), "aud"),
    "no aud": (lambda c: less(c, "aud"), "aud"),
    "wrong iss": (lambda c: signed(c | {"iss": "https://ailleurs.example"}), "iss"),
    "iss with a slash": (lambda c: signed(c | {"iss": c["iss"] + "/"}), "iss"),
    "another issuer's key": (lambda c: signed(c, OTHER_RSA), "signature"),
    "expired": (lambda c: signed(c | {"exp": int(time.time()) - 61}), "exp"),
    "no exp": (lambda c: less(c, "exp"), "exp"),
    "exp in words": (lambda c: signed(c | {"exp": "demain"}), "exp"),
    "nbf in the future": (lambda c: signed(c | {"nbf": int(time.time()) + HOUR}), "nbf"),
    "iat in the future": (lambda c: signed(c | {"iat": int(time.time()) + HOUR}), "iat"),
    "nonce missing": (lambda c: less(c, "nonce"), "nonce"),
    "nonce other": (lambda c: signed(c | {"nonce": "un-autre"}), "nonce"),
    "nonce_supported false": (lambda c: less(c | {"nonce_supported": False}, "nonce"), "nonce"),
    "no sub": (lambda c: less(c, "sub"), "sub"),
    "sub too long": (lambda c: signed(c | {"sub": "s" * 256}), "sub"),
    "no token": (lambda c: "", "signature"),
    "a token of nothing": (lambda c: "a.b.c", "signature"),
    "cut": (lambda c: signed(c)[:-8], "signature"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_opens_nothing(
    client: TestClient, database: Database, provider: Provider, *, door: int, why: Callable[[], str], name: str
) -> None:
    provider.bend, check = FORGED[name]
    answer = walk(client, door)
    assert (answer.status_code, "n’a pas été acceptée" in answer.text) == (403, True)
    assert why() == f"refused: {check}"
    assert nobody_is_in(client, database)


GOOD: dict[str, Callable[[Claims], str]] = {
    "RS256": signed,
    "PS256": lambda c: signed(c, alg="PS256"),
    "ES256": lambda c: signed(c, EC, "ES256"),
    "several aud, azp ours": lambda c: signed(c | {"aud": ["un-autre", c["aud"]], "azp": c["aud"]}),
    "clocks a minute apart": lambda c: signed(c | {"exp": int(time.time()) - 50, "iat": int(time.time()) + 50}),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_a_good_token_opens_the_account(client: TestClient, provider: Provider, door: int, name: str) -> None:
    provider.bend = GOOD[name]
    assert (walk(client, door).status_code, client.get("/").status_code) == (303, 200)


def test_another_tenant_of_the_same_host(
    client: TestClient, database: Database, world: World, provider: Provider, why: Callable[[], str]
) -> None:
    provider.issuer += f"/{TENANT}/v2.0"
    provider.metadata = {"authorization_endpoint": provider.issuer.replace(f"/{TENANT}/v2.0", "/authorize"),
                         "token_endpoint": provider.issuer.replace(f"/{TENANT}/v2.0", "/token"),
                         "jwks_uri": provider.issuer.replace(f"/{TENANT}/v2.0", "/jwks")}  # fmt: skip
    linked(database, world, "maude", provider.issuer)
    door = offered(client, database, world, provider.issuer)
    provider.extra = {"tid": TENANT.replace("6", "7")}
    assert walk(client, door).status_code == 403
    assert why() == "refused: tid"
    provider.extra = {"tid": TENANT}
    assert walk(client, door).status_code == 303


def test_a_state_from_another_browser(
    client: TestClient, database: Database, door: int, why: Callable[[], str]
) -> None:
    back = returned(departed(client.post(f"/connexion/oidc/{door}")))
    kept = dict(client.cookies)
    for cookie in ({}, {"escouade-oidc": "un-autre"}):
        client.cookies.clear()
        client.cookies.update(cookie)
        assert client.get(back).status_code == 403
        assert why() == "refused: state"
    client.cookies.clear()
    assert nobody_is_in(client, database)
    client.cookies.update(kept)
    assert client.get(back).status_code == 303, "someone else's try takes nothing from its own browser"


def test_a_code_replayed(
    client: TestClient, database: Database, provider: Provider, door: int, why: Callable[[], str]
) -> None:
    first = returned(departed(client.post(f"/connexion/oidc/{door}")))
    kept = dict(client.cookies)
    assert client.get(first).status_code == 303
    client.cookies.clear()
    client.cookies.update(kept)
    assert client.get(first).status_code == 403
    assert why() == "refused: state"

    # The same code under a state that was not used yet: the provider knows that it served.
    code = parse_qs(urlsplit(first).query)["code"][0]
    second = returned(departed(client.post(f"/connexion/oidc/{door}")))
    state = parse_qs(urlsplit(second).query)["state"][0]
    assert client.get(BACK, params={"state": state, "code": code}).status_code == 403
    assert why() == "refused: code 400"
    with database.as_owner() as db:
        assert db.execute(text("select count(*) from sign_in where kind = 'cookie'")).scalar_one() == 1


def test_a_code_of_someone_else_s_flow_does_not_fit(
    client: TestClient, database: Database, door: int, why: Callable[[], str]
) -> None:
    stolen = parse_qs(urlsplit(returned(departed(client.post(f"/connexion/oidc/{door}")))).query)["code"][0]
    mine = parse_qs(urlsplit(departed(client.post(f"/connexion/oidc/{door}"))).query)["state"][0]
    assert client.get(BACK, params={"state": mine, "code": stolen}).status_code == 403
    assert why() == "refused: code 400"  # PKCE: the verifier is another
    assert nobody_is_in(client, database)


def test_a_refused_answer_uses_its_flow_up(
    client: TestClient, provider: Provider, door: int, why: Callable[[], str]
) -> None:
    provider.bend = lambda claims: less(claims, "nonce")
    go = departed(client.post(f"/connexion/oidc/{door}"))
    for check in ("nonce", "state"):
        assert client.get(returned(go)).status_code == 403
        assert why() == f"refused: {check}"


def test_two_returns_at_once_open_one_sign_in(client: TestClient, database: Database, door: int) -> None:
    back = returned(departed(client.post(f"/connexion/oidc/{door}")))
    headers = {"Cookie": f"escouade-oidc={client.cookies['escouade-oidc']}"}
    client.cookies.clear()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.get(back, headers=headers).status_code, range(4)))
    assert sorted(answers) == [303, 403, 403, 403]
    with database.as_owner() as db:
        assert db.execute(text("select count(*) from sign_in where kind = 'cookie'")).scalar_one() == 1


def test_a_flow_does_not_wait_for_ever(
    client: TestClient, database: Database, door: int, why: Callable[[], str]
) -> None:
    back = returned(departed(client.post(f"/connexion/oidc/{door}")))
    with database.engine.begin() as owner:
        owner.execute(text("update oidc_flow set created_at = :at"), {"at": now() - timedelta(minutes=10, seconds=1)})
    assert client.get(back).status_code == 403
    assert why() == "refused: state"
    assert nobody_is_in(client, database)


def test_the_same_address_at_another_issuer_is_someone_else(
    client: TestClient, database: Database, world: World, door: int
) -> None:
    with serving() as other:
        other.extra = {"email": world.emails["maude"], "email_verified": True, "preferred_username": "maude"}
        elsewhere = offered(client, database, world, other.issuer, label="Ailleurs")
        answer = walk(client, elsewhere)
    assert (answer.status_code, "n’est encore lié à personne" in answer.text) == (403, True)
    assert "Sécurité" in answer.text
    assert nobody_is_in(client, database)
    with database.as_owner() as db:
        assert count(db, "oidc_identity") == 1


def test_an_answer_in_the_name_of_another_issuer(
    client: TestClient, database: Database, door: int, why: Callable[[], str]
) -> None:
    back = returned(departed(client.post(f"/connexion/oidc/{door}")))
    assert client.get(back + "&iss=https://ailleurs.example").status_code == 403
    assert why() == "refused: mix-up"
    assert nobody_is_in(client, database)


@pytest.mark.parametrize(
    ("query", "status", "check"),
    [
        ({}, 403, "refused: error"),
        ({"error": "invalid_request", "code": "x"}, 403, "refused: error"),
        ({"error": "server_error"}, 503, "issuer unavailable: error"),
        ({"code": "x" * 4001}, 422, ""),
        ({"code": "\0\ud7ff<script>"}, 403, "refused: code 400"),
    ],
)
def test_an_answer_that_is_none(
    client: TestClient,
    database: Database,
    *,
    door: int,
    why: Callable[[], str],
    query: dict[str, str],
    status: int,
    check: str,
) -> None:
    state = parse_qs(urlsplit(departed(client.post(f"/connexion/oidc/{door}"))).query)["state"][0]
    answer = client.get(BACK, params={"state": state, **query})
    assert (answer.status_code, why()) == (status, check)
    assert "<script>" not in answer.text
    assert nobody_is_in(client, database)


def test_eleven_wrong_tries_close_the_door_for_a_while(client: TestClient, provider: Provider, door: int) -> None:
    for _ in range(10):
        assert client.get(BACK, params={"state": "deviné", "code": "x"}).status_code == 403
    answer = client.get(BACK, params={"state": "deviné", "code": "x"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 15 * 60
    assert walk(client, door).status_code == 429, "a good answer waits too"


# The issuer itself ------------------------------------------------------------------------------

KEYS = {"keys": [RSA.as_dict(private=False)]}
AWAY: dict[str, tuple[str, tuple[int, dict[str, str], bytes]]] = {
    "metadata away": ("/.well-known/openid-configuration", (500, {}, b"{}")),
    "metadata not JSON": ("/.well-known/openid-configuration", (200, {}, b"<html>")),
    "metadata a list": ("/.well-known/openid-configuration", (200, {}, b"[]")),
    "metadata too deep": ("/.well-known/openid-configuration", (200, {}, b"[" * 100_000)),
    "metadata too large": ("/.well-known/openid-configuration", (200, {}, b'{"a":"' + b"a" * 300_000 + b'"}')),
    "metadata elsewhere": ("/.well-known/openid-configuration", (302, {"Location": "/jwks"}, b"")),
    "metadata packed": ("/.well-known/openid-configuration", (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08\0")),
    "token away": ("/token", (502, {}, b"{}")),
    "token elsewhere": ("/token", (307, {"Location": "/jwks"}, b"")),
    "keys away": ("/jwks", (404, {}, b"{}")),
    "keys elsewhere": ("/jwks", (301, {"Location": "/autres"}, b"")),
}  # fmt: skip


@pytest.mark.parametrize("name", AWAY)
def test_an_issuer_that_is_not_well(
    client: TestClient, database: Database, provider: Provider, *, door: int, why: Callable[[], str], name: str
) -> None:
    back = returned(departed(client.post(f"/connexion/oidc/{door}")))
    path, reply = AWAY[name]
    provider.replies[path] = reply
    answer = client.get(back)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "ne répond pas" in answer.text
    assert why().startswith("issuer unavailable: ")
    assert nobody_is_in(client, database)


def test_an_issuer_that_is_away(client: TestClient, database: Database, world: World) -> None:
    with serving() as provider:
        door = offered(client, database, world, provider.issuer)
        back = returned(departed(client.post(f"/connexion/oidc/{door}")))
    for answer in (client.get(back), client.post(f"/connexion/oidc/{door}")):
        assert (answer.status_code, "ne répond pas" in answer.text) == (503, True)
    assert nobody_is_in(client, database)


@pytest.mark.parametrize(
    ("reply", "check"),
    [
        ((200, {}, b"{}"), "refused: code 200"),
        ((200, {}, b'{"id_token": 5}'), "refused: code 200"),
        ((401, {}, b'{"error": "invalid_client"}'), "refused: code 401"),
    ],
)
def test_a_token_endpoint_without_a_token(
    client: TestClient,
    provider: Provider,
    *,
    door: int,
    why: Callable[[], str],
    reply: tuple[int, dict[str, str], bytes],
    check: str,
) -> None:
    provider.replies["/token"] = reply
    assert (walk(client, door).status_code, why()) == (403, check)


@pytest.mark.parametrize("published", [{}, {"keys": 5}, {"keys": [{"kty": "oct", "k": "YQ"}]}, {"keys": [5]}])
def test_an_issuer_without_a_key_of_ours(
    client: TestClient, provider: Provider, door: int, why: Callable[[], str], published: Claims
) -> None:
    provider.replies["/jwks"] = (200, {}, json.dumps(published).encode())
    assert (walk(client, door).status_code, why()) == (403, "refused: signature")


@pytest.mark.parametrize(
    ("metadata", "check"),
    [
        ({"issuer": "https://ailleurs.example"}, "metadata_issuer"),
        ({"token_endpoint": "http://ailleurs.example/token"}, "token_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint"),
        ({"authorization_endpoint": None}, "authorization_endpoint"),
    ],
)
def test_metadata_that_lead_astray(
    client: TestClient, provider: Provider, *, door: int, why: Callable[[], str], metadata: Claims, check: str
) -> None:
    provider.metadata = metadata
    assert client.post(f"/connexion/oidc/{door}").status_code == 503
    assert why() == f"issuer unavailable: {check}"


def test_nothing_personal_is_logged(
    client: TestClient, provider: Provider, door: int, caplog: pytest.LogCaptureFixture
) -> None:
    provider.bend = lambda claims: signed(claims | {"nonce": "autre"})
    back = returned(departed(client.post(f"/connexion/oidc/{door}")))
    client.get(back)
    secrets = re.findall(r"[?&](?:code|state)=([^&]+)", back)
    assert len(secrets) == 2
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("escouade")]
    assert ours == ["refused: nonce"]
