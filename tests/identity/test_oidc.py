"""Signing in through a college's own service: the whole way, linking, and who manages the services."""

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

UNKNOWN = "n’est encore lié à personne"


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Our own small provider."""
    with serving() as found:
        yield found


def enter(client: TestClient, world: World, who: str) -> None:
    """Sign in with a password, in this browser."""
    answer = client.post("/connexion", data={"email": world.emails[who], "password": PASSWORD})
    assert answer.status_code == 303


def name_shown(client: TestClient) -> str | None:
    """Who the site says is signed in; ``None`` for nobody."""
    found = re.search(r'class="who-name">([^<]+)<', client.get("/", follow_redirects=True).text)
    return found[1] if found else None


def forget(client: TestClient) -> None:
    """Another browser."""
    client.cookies.clear()


# The whole way ----------------------------------------------------------------------------------


def test_link_then_sign_in_with_a_provider_of_others_making(
    client: TestClient, database: Database, world: World
) -> None:
    back = "http://testserver/connexion/oidc/retour"
    with mock_provider({"sub": "maude-la-mock", "email": world.emails["karim"]}) as issuer:
        known = httpx.post(f"{issuer}/oauth2/clients", json={"redirect_uris": [back]}, trust_env=False).json()
        provider_id = offered(
            client, database, world, issuer, client_id=known["client_id"], secret=known["client_secret"]
        )
        page = client.get("/connexion").text
        assert "Se connecter avec Alma" in page
        assert f'action="/connexion/oidc/{provider_id}?suite=/"' in page

        # Before the link: known to the provider, to nobody here, whatever address it says.
        go = departed(client.post(f"/connexion/oidc/{provider_id}"))
        answer = client.get(returned(go, sub="maude-la-mock"))
        assert (answer.status_code, UNKNOWN in answer.text) == (403, True)
        assert name_shown(client) is None

        enter(client, world, "maude")
        go = departed(client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD}))
        answer = client.get(returned(go, sub="maude-la-mock"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/securite/oidc")
        assert issuer in client.get("/securite/oidc").text

        client.post("/deconnexion")
        forget(client)
        go = departed(client.post(f"/connexion/oidc/{provider_id}", params={"suite": "/parcours"}))
        answer = client.get(returned(go, sub="maude-la-mock"))
        assert (answer.status_code, answer.headers["location"]) == (303, "/parcours")
        assert name_shown(client) == "Maude Bérubé"


def test_what_the_browser_is_sent_away_with(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    page = client.post(f"/connexion/oidc/{provider_id}")
    address = urlsplit(departed(page))
    asked = {k: v[0] for k, v in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}{address.path}" == provider.issuer + "/authorize"
    assert asked.pop("lieu") == "essai"
    secrets = [asked.pop(name) for name in ("state", "nonce", "code_challenge")]
    assert len(set(secrets)) == 3
    assert all(len(secret) >= 43 for secret in secrets)
    assert asked == {
        "response_type": "code", "client_id": CLIENT, "scope": "openid", "code_challenge_method": "S256",
        "redirect_uri": "http://testserver/connexion/oidc/retour",
    }  # fmt: skip
    cookie = page.headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("escouade-oidc=")
    assert attributes == {"httponly", "samesite=lax", "path=/", "max-age=600"}
    assert page.headers["cache-control"] == "no-store"
    assert "Continuer" in page.text
    kept = client.cookies["escouade-oidc"]
    with database.engine.begin() as owner:
        row = dict(owner.exec_driver_sql("select * from oidc_flow").mappings().one())
    assert not {secrets[0], secrets[2], kept} & {str(value) for value in row.values()}


def test_over_tls_the_cookie_of_the_way_is_bound_to_the_host(
    database: Database, world: World, provider: Provider, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, base_url="https://testserver")
    site = create_app(settings, database, RING)
    with TestClient(site, base_url="https://testserver", follow_redirects=False) as client:
        provider_id = offered(client, database, world, provider.issuer)
        linked(database, world, "maude", provider.issuer)
        page = client.post(f"/connexion/oidc/{provider_id}")
        assert page.headers["set-cookie"].startswith("__Host-escouade-oidc=")
        assert "Secure" in page.headers["set-cookie"]
        assert client.get(returned(departed(page))).status_code == 303
        assert client.get("/").status_code == 200


def test_a_host_that_someone_says_changes_no_address(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    page = client.post(
        f"/connexion/oidc/{provider_id}", headers={"Host": "localhost:81", "X-Forwarded-Host": "mal.example"}
    )
    assert parse_qs(urlsplit(departed(page)).query)["redirect_uri"] == ["http://testserver/connexion/oidc/retour"]


@pytest.mark.parametrize("suite", ["//ailleurs.example", "https://ailleurs.example/", "/" + "a" * 600])
def test_one_lands_on_this_site_only(
    client: TestClient, database: Database, world: World, provider: Provider, suite: str
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "maude", provider.issuer)
    assert walk(client, provider_id, suite).headers["location"] == "/"


def test_the_secret_from_before_serves_no_more(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "maude", provider.issuer)
    enter(client, world, "karim")
    before = client.cookies["escouade"]
    assert walk(client, provider_id).status_code == 303
    assert client.cookies["escouade"] != before
    assert name_shown(client) == "Maude Bérubé"
    forget(client)
    client.cookies.set("escouade", before)
    assert name_shown(client) is None


def test_whoever_needs_a_second_factor_gives_it_here(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "registrar", provider.issuer)
    provider.extra = {"amr": ["mfa", "otp"], "acr": "2"}
    assert walk(client, provider_id, "/cohortes").headers["location"] == "/cohortes"
    answer = client.get("/cohortes")
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/connexion/second-facteur")


def test_a_suspended_account_stays_closed(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "maude", provider.issuer)
    with database.engine.begin() as owner:
        owner.execute(
            text("update account set suspended_at = now() where person_id = :p"), {"p": world.people["maude"]}
        )
    answer = walk(client, provider_id)
    assert (answer.status_code, UNKNOWN in answer.text) == (403, True)
    assert name_shown(client) is None


def test_changing_one_s_mind_at_the_provider_is_no_wrong_try(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    for _ in range(12):
        state = parse_qs(urlsplit(departed(client.post(f"/connexion/oidc/{provider_id}"))).query)["state"][0]
        answer = client.get("/connexion/oidc/retour", params={"state": state, "error": "access_denied"})
        assert (answer.status_code, "interrompue" in answer.text) == (403, True)


def test_old_flows_are_forgotten(client: TestClient, database: Database, world: World, provider: Provider) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    client.post(f"/connexion/oidc/{provider_id}")
    with database.engine.begin() as owner:
        owner.execute(text("update oidc_flow set created_at = :at"), {"at": now() - timedelta(hours=1)})
    client.post(f"/connexion/oidc/{provider_id}")
    with database.as_owner() as db:
        assert count(db, "oidc_flow") == 1


# Linking ----------------------------------------------------------------------------------------


def test_linking_asks_for_the_password(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    assert client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD}).status_code == 401
    enter(client, world, "maude")
    answer = client.post(f"/securite/oidc/{provider_id}", data={"present": "une autre phrase de passe"})
    assert (answer.status_code, 'role="alert"' in answer.text) == (422, True)
    assert "refresh" not in answer.headers


def test_an_identity_is_linked_to_who_is_still_there(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    enter(client, world, "maude")
    back = returned(departed(client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD})))
    enter(client, world, "karim")
    assert client.get(back).status_code == 403
    with database.as_owner() as db:
        assert count(db, "oidc_identity") == 0


def test_an_identity_is_of_one_person(client: TestClient, database: Database, world: World, provider: Provider) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "karim", provider.issuer)
    enter(client, world, "maude")
    back = returned(departed(client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD})))
    answer = client.get(back)
    assert (answer.status_code, "déjà lié à une autre personne" in answer.text) == (409, True)
    assert "Karim" not in answer.text


def test_linking_twice_changes_nothing_and_unlinking_closes_the_way(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    enter(client, world, "maude")
    for _ in range(2):
        back = returned(departed(client.post(f"/securite/oidc/{provider_id}", data={"present": PASSWORD})))
        assert client.get(back).status_code == 303
    links = re.findall(r'action="(/securite/oidc/\d+/retrait)"', client.get("/securite/oidc").text)
    assert len(links) == 1

    kept = dict(client.cookies)
    forget(client)
    enter(client, world, "karim")
    assert client.post(links[0]).status_code == 404
    forget(client)
    client.cookies.update(kept)
    assert client.post(links[0]).headers["location"] == "/securite/oidc"
    forget(client)
    assert walk(client, provider_id).status_code == 403


def test_visits_at_once_are_few(client: TestClient, database: Database, world: World, provider: Provider) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    held = [issuer_module.VISITS.acquire(blocking=False) for _ in range(4)]
    try:
        answer = client.post(f"/connexion/oidc/{provider_id}")
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    finally:
        for _ in filter(None, held):
            issuer_module.VISITS.release()
    assert held == [True, True, True, False]
    assert client.post(f"/connexion/oidc/{provider_id}").status_code == 200
