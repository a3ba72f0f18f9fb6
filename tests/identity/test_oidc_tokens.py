"""Every forged answer of an issuer is refused, by the check that is meant for it (OIDC Core 3.1.3.7)."""

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
from tests.factories.oidc_keys import EC, OTHER_RSA, RSA, Claims, signed
from tests.factories.oidc_provider import (
    Provider,
    departed,
    linked,
    offered,
    returned,
    serving,
    walk,
)

CALLBACK_PATH = "/connexion/oidc/retour"
TENANT = "6f5d0a0e-1111-4222-8333-444455556666"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Yield an issuer whose answers a test may change."""
    with serving() as provider:
        yield provider


@pytest.fixture
def provider_id(client: TestClient, database: Database, world: World, provider: Provider) -> int:
    """Return the id of Alma's provider; Maude's account is linked to its subject."""
    linked(database, world, "maude", provider.issuer)
    return offered(client, database, world, provider.issuer)


@pytest.fixture
def last_log_message(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Return a function that reads the last message of the sign-in services, which names the failed check."""
    caplog.set_level(logging.WARNING, logger="escouade.oidc")
    return lambda: next((r.getMessage() for r in reversed(caplog.records) if r.name == "escouade.oidc"), "")


def nobody_is_signed_in(client: TestClient, database: Database) -> bool:
    """Return whether no browser signed in, and the home page redirects to the sign-in."""
    with database.as_owner() as db:
        opened = db.execute(text("select count(*) from sign_in where kind = 'cookie'")).scalar_one()
    return opened == 0 and client.get("/").headers.get("location") == "/connexion" and "escouade" not in client.cookies


def unsigned(claims: Claims) -> str:
    """Return a token whose header declares no signature."""
    parts = ({"alg": "none", "typ": "JWT"}, claims)
    return ".".join(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts) + "."


def signed_with_public_key(claims: Claims) -> str:
    """Return a token signed with the public key, used as a shared secret."""
    public = RSA.as_pem(private=False)
    return jwt.encode(
        {"alg": "HS256", "kid": "un"}, claims, OctKey.import_key(public.replace(b"-----", b"")), ["HS256"]
    )


def signed_without(claims: Claims, name: str) -> str:
    """Return a signed token without a claim."""
    return signed({k: v for k, v in claims.items() if k != name})


HOUR = 3600
FORGED: dict[str, tuple[Callable[[Claims], str], str]] = {
    "alg none": (unsigned, "signature"),
    "HS256 with the public key": (signed_with_public_key, "signature"),
    "RS512, not accepted": (lambda c: signed(c, alg="RS512"), "signature"),
    "wrong aud": (lambda c: signed(c | {"aud": "un-autre"}), "aud"),
    "several aud, no azp": (lambda c: signed(c | {"aud": [c["aud"], "un-autre"]}), "aud"),
    "azp of another": (lambda c: signed(c | {"azp": "un-autre"}), "aud"),
    "no aud": (lambda c: signed_without(c, "aud"), "aud"),
    "wrong iss": (lambda c: signed(c | {"iss": "https://ailleurs.example"}), "iss"),
    "iss with a slash": (lambda c: signed(c | {"iss": c["iss"] + "/"}), "iss"),
    "another issuer's key": (lambda c: signed(c, OTHER_RSA), "signature"),
    "expired": (lambda c: signed(c | {"exp": int(time.time()) - 61}), "exp"),
    "no exp": (lambda c: signed_without(c, "exp"), "exp"),
    "exp is text": (lambda c: signed(c | {"exp": "demain"}), "exp"),
    "nbf in the future": (lambda c: signed(c | {"nbf": int(time.time()) + HOUR}), "nbf"),
    "iat in the future": (lambda c: signed(c | {"iat": int(time.time()) + HOUR}), "iat"),
    "nonce missing": (lambda c: signed_without(c, "nonce"), "nonce"),
    "nonce other": (lambda c: signed(c | {"nonce": "un-autre"}), "nonce"),
    "nonce_supported false": (lambda c: signed_without(c | {"nonce_supported": False}, "nonce"), "nonce"),
    "no sub": (lambda c: signed_without(c, "sub"), "sub"),
    "sub too long": (lambda c: signed(c | {"sub": "s" * 256}), "sub"),
    "no token": (lambda c: "", "signature"),
    "not a token": (lambda c: "a.b.c", "signature"),
    "truncated": (lambda c: signed(c)[:-8], "signature"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
def test_id_token_forged_is_refused(
    client: TestClient,
    database: Database,
    provider: Provider,
    *,
    provider_id: int,
    last_log_message: Callable[[], str],
    name: str,
) -> None:
    provider.bend, check = FORGED[name]
    answer = walk(client, provider_id)
    assert (answer.status_code, "n’a pas été acceptée" in answer.text) == (403, True)
    assert last_log_message() == f"refused: {check}"
    assert nobody_is_signed_in(client, database)


GOOD: dict[str, Callable[[Claims], str]] = {
    "RS256": signed,
    "PS256": lambda c: signed(c, alg="PS256"),
    "ES256": lambda c: signed(c, EC, "ES256"),
    "several aud, azp ours": lambda c: signed(c | {"aud": ["un-autre", c["aud"]], "azp": c["aud"]}),
    "clocks a minute apart": lambda c: signed(c | {"exp": int(time.time()) - 50, "iat": int(time.time()) + 50}),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_id_token_valid_signs_in(client: TestClient, provider: Provider, provider_id: int, name: str) -> None:
    provider.bend = GOOD[name]
    assert (walk(client, provider_id).status_code, client.get("/").status_code) == (303, 200)


def test_id_token_of_another_tenant_is_refused(
    client: TestClient, database: Database, world: World, provider: Provider, last_log_message: Callable[[], str]
) -> None:
    provider.issuer += f"/{TENANT}/v2.0"
    provider.metadata = {"authorization_endpoint": provider.issuer.replace(f"/{TENANT}/v2.0", "/authorize"),
                         "token_endpoint": provider.issuer.replace(f"/{TENANT}/v2.0", "/token"),
                         "jwks_uri": provider.issuer.replace(f"/{TENANT}/v2.0", "/jwks")}  # fmt: skip
    linked(database, world, "maude", provider.issuer)
    provider_id = offered(client, database, world, provider.issuer)
    provider.extra = {"tid": TENANT.replace("6", "7")}
    assert walk(client, provider_id).status_code == 403
    assert last_log_message() == "refused: tid"
    provider.extra = {"tid": TENANT}
    assert walk(client, provider_id).status_code == 303


def test_callback_in_another_browser_is_refused(
    client: TestClient, database: Database, provider_id: int, last_log_message: Callable[[], str]
) -> None:
    callback = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    old_cookies = dict(client.cookies)
    for cookie in ({}, {"escouade-oidc": "un-autre"}):
        client.cookies.clear()
        client.cookies.update(cookie)
        assert client.get(callback).status_code == 403
        assert last_log_message() == "refused: state"
    client.cookies.clear()
    assert nobody_is_signed_in(client, database)
    client.cookies.update(old_cookies)
    assert client.get(callback).status_code == 303, "the attempt of another browser does not use the flow up"


def test_callback_replayed_is_refused(
    client: TestClient, database: Database, provider: Provider, provider_id: int, last_log_message: Callable[[], str]
) -> None:
    first = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    old_cookies = dict(client.cookies)
    assert client.get(first).status_code == 303
    client.cookies.clear()
    client.cookies.update(old_cookies)
    assert client.get(first).status_code == 403
    assert last_log_message() == "refused: state"

    # The same code under an unused state: the provider refuses a code used twice.
    code = parse_qs(urlsplit(first).query)["code"][0]
    second = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    state = parse_qs(urlsplit(second).query)["state"][0]
    assert client.get(CALLBACK_PATH, params={"state": state, "code": code}).status_code == 403
    assert last_log_message() == "refused: code 400"
    with database.as_owner() as db:
        assert db.execute(text("select count(*) from sign_in where kind = 'cookie'")).scalar_one() == 1


def test_callback_with_the_code_of_another_flow_is_refused(
    client: TestClient, database: Database, provider_id: int, last_log_message: Callable[[], str]
) -> None:
    stolen = parse_qs(urlsplit(returned(departed(client.post(f"/connexion/oidc/{provider_id}")))).query)["code"][0]
    own_state = parse_qs(urlsplit(departed(client.post(f"/connexion/oidc/{provider_id}"))).query)["state"][0]
    assert client.get(CALLBACK_PATH, params={"state": own_state, "code": stolen}).status_code == 403
    assert last_log_message() == "refused: code 400"  # PKCE: the verifier differs
    assert nobody_is_signed_in(client, database)


def test_callback_refused_uses_its_flow_up(
    client: TestClient, provider: Provider, provider_id: int, last_log_message: Callable[[], str]
) -> None:
    provider.bend = lambda claims: signed_without(claims, "nonce")
    authorization = departed(client.post(f"/connexion/oidc/{provider_id}"))
    for check in ("nonce", "state"):
        assert client.get(returned(authorization)).status_code == 403
        assert last_log_message() == f"refused: {check}"


def test_callback_sent_concurrently_opens_one_sign_in(client: TestClient, database: Database, provider_id: int) -> None:
    callback = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    headers = {"Cookie": f"escouade-oidc={client.cookies['escouade-oidc']}"}
    client.cookies.clear()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: client.get(callback, headers=headers).status_code, range(4)))
    assert sorted(answers) == [303, 403, 403, 403]
    with database.as_owner() as db:
        assert db.execute(text("select count(*) from sign_in where kind = 'cookie'")).scalar_one() == 1


def test_callback_of_an_expired_flow_is_refused(
    client: TestClient, database: Database, provider_id: int, last_log_message: Callable[[], str]
) -> None:
    callback = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    with database.engine.begin() as owner:
        owner.execute(text("update oidc_flow set created_at = :at"), {"at": now() - timedelta(minutes=10, seconds=1)})
    assert client.get(callback).status_code == 403
    assert last_log_message() == "refused: state"
    assert nobody_is_signed_in(client, database)


def test_email_address_at_another_issuer_does_not_sign_in(
    client: TestClient, database: Database, world: World, provider_id: int
) -> None:
    with serving() as other:
        other.extra = {"email": world.emails["maude"], "email_verified": True, "preferred_username": "maude"}
        other_provider_id = offered(client, database, world, other.issuer, label="Ailleurs")
        answer = walk(client, other_provider_id)
    assert (answer.status_code, "n’est encore lié à personne" in answer.text) == (403, True)
    assert "Sécurité" in answer.text
    assert nobody_is_signed_in(client, database)
    with database.as_owner() as db:
        assert count(db, "oidc_identity") == 1


def test_callback_naming_another_issuer_is_refused(
    client: TestClient, database: Database, provider_id: int, last_log_message: Callable[[], str]
) -> None:
    callback = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    assert client.get(callback + "&iss=https://ailleurs.example").status_code == 403
    assert last_log_message() == "refused: mix-up"
    assert nobody_is_signed_in(client, database)


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
def test_callback_without_a_valid_code_is_refused(
    client: TestClient,
    database: Database,
    *,
    provider_id: int,
    last_log_message: Callable[[], str],
    query: dict[str, str],
    status: int,
    check: str,
) -> None:
    state = parse_qs(urlsplit(departed(client.post(f"/connexion/oidc/{provider_id}"))).query)["state"][0]
    answer = client.get(CALLBACK_PATH, params={"state": state, **query})
    assert (answer.status_code, last_log_message()) == (status, check)
    assert "<script>" not in answer.text
    assert nobody_is_signed_in(client, database)


def test_callback_after_many_refused_ones_still_signs_in(
    client: TestClient, provider: Provider, provider_id: int
) -> None:
    """Whoever guesses states behind an address keeps nobody else there from signing in."""
    for _ in range(20):
        assert client.get(CALLBACK_PATH, params={"state": "deviné", "code": "x"}).status_code == 403
    assert walk(client, provider_id).status_code == 303


# The issuer itself ------------------------------------------------------------------------------

KEYS = {"keys": [RSA.as_dict(private=False)]}
UNUSABLE: dict[str, tuple[str, tuple[int, dict[str, str], bytes]]] = {
    "metadata status 500": ("/.well-known/openid-configuration", (500, {}, b"{}")),
    "metadata not JSON": ("/.well-known/openid-configuration", (200, {}, b"<html>")),
    "metadata a list": ("/.well-known/openid-configuration", (200, {}, b"[]")),
    "metadata too deep": ("/.well-known/openid-configuration", (200, {}, b"[" * 100_000)),
    "metadata too large": ("/.well-known/openid-configuration", (200, {}, b'{"a":"' + b"a" * 300_000 + b'"}')),
    "metadata redirected": ("/.well-known/openid-configuration", (302, {"Location": "/jwks"}, b"")),
    "metadata gzip": ("/.well-known/openid-configuration", (200, {"Content-Encoding": "gzip"}, b"\x1f\x8b\x08\0")),
    "token status 502": ("/token", (502, {}, b"{}")),
    "token redirected": ("/token", (307, {"Location": "/jwks"}, b"")),
    "keys status 404": ("/jwks", (404, {}, b"{}")),
    "keys redirected": ("/jwks", (301, {"Location": "/autres"}, b"")),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
def test_issuer_with_an_unusable_response_is_unavailable(
    client: TestClient,
    database: Database,
    provider: Provider,
    *,
    provider_id: int,
    last_log_message: Callable[[], str],
    name: str,
) -> None:
    callback = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    path, reply = UNUSABLE[name]
    provider.replies[path] = reply
    answer = client.get(callback)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "ne répond pas" in answer.text
    assert last_log_message().startswith("issuer unavailable: ")
    assert nobody_is_signed_in(client, database)


def test_issuer_that_is_down_is_unavailable(client: TestClient, database: Database, world: World) -> None:
    with serving() as provider:
        provider_id = offered(client, database, world, provider.issuer)
        callback = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    for answer in (client.get(callback), client.post(f"/connexion/oidc/{provider_id}")):
        assert (answer.status_code, "ne répond pas" in answer.text) == (503, True)
    assert nobody_is_signed_in(client, database)


@pytest.mark.parametrize(
    ("reply", "check"),
    [
        ((200, {}, b"{}"), "refused: code 200"),
        ((200, {}, b'{"id_token": 5}'), "refused: code 200"),
        ((401, {}, b'{"error": "invalid_client"}'), "refused: code 401"),
    ],
)
def test_token_endpoint_without_a_token_is_refused(
    client: TestClient,
    provider: Provider,
    *,
    provider_id: int,
    last_log_message: Callable[[], str],
    reply: tuple[int, dict[str, str], bytes],
    check: str,
) -> None:
    provider.replies["/token"] = reply
    assert (walk(client, provider_id).status_code, last_log_message()) == (403, check)


@pytest.mark.parametrize("published", [{}, {"keys": 5}, {"keys": [{"kty": "oct", "k": "YQ"}]}, {"keys": [5]}])
def test_issuer_without_a_usable_key_is_refused(
    client: TestClient, provider: Provider, provider_id: int, last_log_message: Callable[[], str], published: Claims
) -> None:
    provider.replies["/jwks"] = (200, {}, json.dumps(published).encode())
    assert (walk(client, provider_id).status_code, last_log_message()) == (403, "refused: signature")


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
def test_metadata_with_a_wrong_address_is_unavailable(
    client: TestClient,
    provider: Provider,
    *,
    provider_id: int,
    last_log_message: Callable[[], str],
    metadata: Claims,
    check: str,
) -> None:
    provider.metadata = metadata
    assert client.post(f"/connexion/oidc/{provider_id}").status_code == 503
    assert last_log_message() == f"issuer unavailable: {check}"


def test_oidc_log_holds_no_personal_data(
    client: TestClient, provider: Provider, provider_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    provider.bend = lambda claims: signed(claims | {"nonce": "autre"})
    callback = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    client.get(callback)
    secrets = re.findall(r"[?&](?:code|state)=([^&]+)", callback)
    assert len(secrets) == 2
    messages = [record.getMessage() for record in caplog.records if record.name == "escouade.oidc"]
    assert messages == ["refused: nonce"]
