"""OpenID Connect: signing in through a college's provider, and linking one's account to it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.identity.oidc import issuer as issuer_module
from app.main import create_app
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.rate_limit import LIMIT
from tests.conftest import RING
from tests.factories.network import PASSWORD, World, count
from tests.factories.oidc_provider import (
    CLIENT,
    Provider,
    departed,
    linked,
    mock_provider,
    offered,
    returned,
    serving,
    walk,
)

NOT_LINKED = "n’est encore lié à personne"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Yield our own small provider."""
    with serving() as provider:
        yield provider


def sign_in(client: TestClient, world: World, who: str) -> None:
    """Sign in with a password, in this browser."""
    answer = client.post("/connexion", data={"email": world.emails[who], "password": PASSWORD})
    assert answer.status_code == 303


def shown_name(client: TestClient) -> str | None:
    """Return the name of the signed-in person on the page; ``None`` for nobody."""
    match = re.search(r'class="who-name">([^<]+)<', client.get("/", follow_redirects=True).text)
    return match[1] if match else None


def clear_cookies(client: TestClient) -> None:
    """Forget every cookie, as another browser."""
    client.cookies.clear()


# The whole flow ---------------------------------------------------------------------------------


def test_oidc_link_then_sign_in_with_an_independent_provider(
    client: TestClient, database: Database, world: World
) -> None:
    callback = "http://testserver/connexion/oidc/retour"
    with mock_provider({"sub": "maude-la-mock", "email": world.emails["karim"]}) as issuer:
        registration = httpx.post(
            f"{issuer}/oauth2/clients", json={"redirect_uris": [callback]}, trust_env=False
        ).json()
        provider_id = offered(
            client, database, world, issuer, client_id=registration["client_id"], secret=registration["client_secret"]
        )
        page = client.get("/connexion").text
        assert "Se connecter avec Alma" in page
        assert f'action="/connexion/oidc/{provider_id}?suite=/&amp;' in page

        # Before the link: the provider has an account, this site has none, whatever address the provider asserts.
        authorization = departed(client.post(f"/connexion/oidc/{provider_id}"))
        answer = client.get(returned(authorization, sub="maude-la-mock"))
        assert (answer.status_code, NOT_LINKED in answer.text) == (403, True)
        assert shown_name(client) is None

        sign_in(client, world, "maude")
        authorization = departed(client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD}))
        answer = client.get(returned(authorization, sub="maude-la-mock"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/securite/oidc")
        assert issuer in client.get("/securite/oidc").text

        client.post("/deconnexion")
        clear_cookies(client)
        authorization = departed(client.post(f"/connexion/oidc/{provider_id}", params={"suite": "/parcours"}))
        answer = client.get(returned(authorization, sub="maude-la-mock"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/parcours")
        assert shown_name(client) == "Maude Bérubé"


def test_oidc_authorization_request_has_state_nonce_and_pkce(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    page = client.post(f"/connexion/oidc/{provider_id}")
    address = urlsplit(departed(page))
    parameters = {k: v[0] for k, v in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == provider.issuer + "/authorize"
    assert parameters.pop("lieu") == "essai"
    secrets = [parameters.pop(name) for name in ("state", "nonce", "code_challenge")]
    assert len(set(secrets)) == 3
    assert all(len(secret) >= 43 for secret in secrets)
    assert parameters == {
        "response_type": "code", "client_id": CLIENT, "scope": "openid", "code_challenge_method": "S256",
        "redirect_uri": "http://testserver/connexion/oidc/retour",
    }  # fmt: skip
    cookie = page.headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("escouade-oidc=")
    assert attributes == {"httponly", "samesite=lax", "path=/", "max-age=600"}
    assert page.headers["cache-control"] == "no-store"
    assert "Continuer" in page.text
    cookie_secret = client.cookies["escouade-oidc"]
    with database.engine.begin() as owner:
        row = dict(owner.exec_driver_sql("select * from oidc_flow").mappings().one())
    assert not {secrets[0], secrets[2], cookie_secret} & {str(value) for value in row.values()}


def test_oidc_cookie_over_tls_is_bound_to_the_host(
    database: Database, world: World, provider: Provider, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, base_url="https://testserver", outgoing_loopback=True)
    site = create_app(settings, database, RING)
    with TestClient(site, base_url="https://testserver", follow_redirects=False) as client:
        provider_id = offered(client, database, world, provider.issuer)
        linked(database, world, "maude", provider.issuer)
        page = client.post(f"/connexion/oidc/{provider_id}")
        assert page.headers["set-cookie"].startswith("__Host-escouade-oidc=")
        assert "Secure" in page.headers["set-cookie"]
        assert client.get(returned(departed(page))).status_code == 303
        assert client.get("/").status_code == 200


def test_oidc_redirect_uri_ignores_the_host_header(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    page = client.post(
        f"/connexion/oidc/{provider_id}", headers={"Host": "localhost:81", "X-Forwarded-Host": "mal.example"}
    )
    assert parse_qs(urlsplit(departed(page)).query)["redirect_uri"] == ["http://testserver/connexion/oidc/retour"]


@pytest.mark.parametrize("suite", ["//ailleurs.example", "https://ailleurs.example/", "/" + "a" * 600])
def test_oidc_sign_in_redirects_to_this_site_only(
    client: TestClient, database: Database, world: World, provider: Provider, suite: str
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "maude", provider.issuer)
    assert walk(client, provider_id, suite).headers["location"] == "/"


def test_oidc_sign_in_ends_the_previous_sign_in(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "maude", provider.issuer)
    sign_in(client, world, "karim")
    before = client.cookies["escouade"]
    assert walk(client, provider_id).status_code == 303
    assert client.cookies["escouade"] != before
    assert shown_name(client) == "Maude Bérubé"
    clear_cookies(client)
    client.cookies.set("escouade", before)
    assert shown_name(client) is None


def test_oidc_sign_in_still_requires_our_second_factor(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "registrar", provider.issuer)
    provider.extra = {"amr": ["mfa", "otp"], "acr": "2"}
    assert walk(client, provider_id, "/cohortes").headers["location"] == "/cohortes"
    answer = client.get("/cohortes")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/connexion/second-facteur")


def test_oidc_sign_in_of_a_suspended_account_is_refused(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "maude", provider.issuer)
    with database.engine.begin() as owner:
        owner.execute(
            text("update account set suspended_at = now() where person_id = :p"), {"p": world.people["maude"]}
        )
    answer = walk(client, provider_id)
    assert (answer.status_code, NOT_LINKED in answer.text) == (403, True)
    assert shown_name(client) is None


def test_oidc_sign_in_cancelled_is_not_counted_as_a_failure(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    for _ in range(LIMIT + 2):
        state = parse_qs(urlsplit(departed(client.post(f"/connexion/oidc/{provider_id}"))).query)["state"][0]
        answer = client.get("/connexion/oidc/retour", params={"state": state, "error": "access_denied"})
        assert (answer.status_code, "interrompue" in answer.text) == (403, True)


def test_oidc_expired_flows_are_deleted(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    client.post(f"/connexion/oidc/{provider_id}")
    with database.engine.begin() as owner:
        owner.execute(text("update oidc_flow set created_at = :at"), {"at": now() - timedelta(hours=1)})
    client.post(f"/connexion/oidc/{provider_id}")
    with database.as_owner() as db:
        assert count(db, "oidc_flow") == 1


# Linking ----------------------------------------------------------------------------------------


def test_oidc_linking_requires_the_password(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    assert client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD}).status_code == 401
    sign_in(client, world, "maude")
    answer = client.post(f"/securite/oidc/{provider_id}", data={"present": "une autre phrase de passe"})
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert "refresh" not in answer.headers


def test_oidc_linking_after_another_person_signs_in_is_refused(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    sign_in(client, world, "maude")
    callback = returned(departed(client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD})))
    sign_in(client, world, "karim")
    assert client.get(callback).status_code == 403
    with database.as_owner() as db:
        assert count(db, "oidc_identity") == 0


def test_oidc_identity_of_another_person_is_refused(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "karim", provider.issuer)
    sign_in(client, world, "maude")
    callback = returned(departed(client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD})))
    answer = client.get(callback)
    assert (answer.status_code, "déjà lié à une autre personne" in answer.text) == (409, True)
    assert "Karim" not in answer.text


def test_oidc_linking_twice_changes_nothing_and_unlinking_ends_sign_ins(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    sign_in(client, world, "maude")
    for _ in range(2):
        callback = returned(departed(client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD})))
        assert client.get(callback).status_code == 303
    links = re.findall(r'action="(/securite/oidc/\d+/retrait)[?"]', client.get("/securite/oidc").text)
    assert len(links) == 1

    old_cookies = dict(client.cookies)
    clear_cookies(client)
    sign_in(client, world, "karim")
    assert client.post(links[0]).status_code == 404
    clear_cookies(client)
    client.cookies.update(old_cookies)
    assert client.post(links[0]).headers["location"] == "/securite/oidc"
    clear_cookies(client)
    assert walk(client, provider_id).status_code == 403


def test_oidc_exchanges_at_once_are_limited(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    slots = [issuer_module.ISSUER_SLOTS.acquire(blocking=False) for _ in range(4)]
    try:
        answer = client.post(f"/connexion/oidc/{provider_id}")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    finally:
        for _ in filter(None, slots):
            issuer_module.ISSUER_SLOTS.release()
    assert slots == [True, True, True, False]
    assert client.post(f"/connexion/oidc/{provider_id}").status_code == 200
