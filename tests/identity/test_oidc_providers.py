"""The providers of a college: who manages them, what is stored, which issuers are accepted."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from tests.conftest import RING
from tests.factories.network import World, as_, token
from tests.factories.oidc_provider import CLIENT, SECRET, Provider, departed, linked, offered, returned, serving, walk


@pytest.fixture
def provider() -> Iterator[Provider]:
    """Yield our own small provider."""
    with serving() as provider:
        yield provider


def provider_body(provider: Provider, **changed: str) -> dict[str, str]:
    """Return a valid payload."""
    return {"label": "Alma", "issuer": provider.issuer, "client_id": CLIENT, "client_secret": SECRET, **changed}


def test_oidc_providers_are_managed_by_the_registrar(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    path = f"/colleges/{world.alma}/connexion"
    as_(client, database, world, "registrar")
    assert "http://testserver/connexion/oidc/retour" in client.get(path).text
    answer = client.post(path, data=provider_body(provider))
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    page = client.get(path).text
    assert provider.issuer in page
    assert SECRET not in page
    end = re.findall(r'action="(/connexion/services/\d+/retrait)[?"]', page)
    assert client.post(end[0]).headers["location"] == path
    assert "Retiré" in client.get(path).text
    del client.headers["Authorization"]
    assert "Se connecter avec" not in client.get("/connexion").text


def test_oidc_client_secret_is_encrypted_for_its_row_and_never_shown(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    as_(client, database, world, "registrar")
    listed = client.get(f"/api/v1/colleges/{world.alma}/oidc-providers").json()["items"]
    assert [item["id"] for item in listed] == [provider_id]
    assert set(listed[0]) == {"id", "label", "issuer", "client_id", "created_at", "ended_at"}
    with database.engine.begin() as owner:
        owner.execute(text("insert into oidc_provider (college_id, label, issuer, client_id, client_secret_sealed, "
                           "created_at) select :rouyn, 'B', issuer, 'autre', client_secret_sealed, now() "
                           "from oidc_provider"), {"rouyn": world.rouyn})  # fmt: skip
        encrypted, copied = owner.execute(
            text("select client_secret_sealed, id from oidc_provider order by id desc")
        ).first()  # type: ignore[misc]
    assert SECRET not in encrypted
    assert walk(client, provider_id).status_code == 403  # nobody is linked, but the secret was decrypted
    assert walk(client, copied).status_code == 503


def test_oidc_provider_added_again_gets_the_new_secret(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    linked(database, world, "maude", provider.issuer)
    provider_id = offered(client, database, world, provider.issuer, secret="le secret d'avant")
    assert walk(client, provider_id).status_code == 403
    assert offered(client, database, world, provider.issuer, label="Alma encore") == provider_id
    assert walk(client, provider_id).status_code == 303


@pytest.mark.parametrize("basic", [True, False])
def test_oidc_client_authenticates_by_header_or_body(
    client: TestClient, database: Database, world: World, provider: Provider, basic: bool
) -> None:
    if not basic:
        provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    linked(database, world, "maude", provider.issuer)
    assert walk(client, offered(client, database, world, provider.issuer)).status_code == 303
    assert provider.auth_header.startswith("Basic ") is basic


@pytest.mark.parametrize(
    ("issuer", "code"),
    [
        ("http://ailleurs.example", "oidc_issuer_unsafe"),
        ("https://u:p@ailleurs.example", "oidc_issuer_unsafe"),
        ("https://ailleurs.example?a=1", "oidc_issuer_unsafe"),
        ("https://ailleurs.example#a", "oidc_issuer_unsafe"),
        ("https://ailleurs.example:port", "oidc_issuer_unsafe"),
        ("https:///connexion", "oidc_issuer_unsafe"),
        ("file:///etc/passwd", "oidc_issuer_unsafe"),
        ("http://127.0.0.1:9", "oidc_issuer_silent"),
        ("{issuer}/", "oidc_issuer_silent"),
    ],
)
def test_oidc_issuer_invalid_is_refused(
    client: TestClient, database: Database, world: World, provider: Provider, *, issuer: str, code: str
) -> None:
    as_(client, database, world, "registrar")
    new_provider = provider_body(provider, issuer=issuer.format(issuer=provider.issuer))
    answer = client.post(f"/api/v1/colleges/{world.alma}/oidc-providers", json=new_provider)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["errors"][0]["field"] == "issuer"


def test_oidc_issuer_on_loopback_is_refused_in_production(
    database: Database, world: World, provider: Provider, tmp_path: Path
) -> None:
    settings = Settings(environment="production", data_dir=tmp_path, base_url="https://testserver")
    with TestClient(create_app(settings, database, RING), base_url="https://testserver") as client:
        as_(client, database, world, "registrar")
        answer = client.post(f"/api/v1/colleges/{world.alma}/oidc-providers", json=provider_body(provider))
        assert (answer.status_code, answer.json()["code"]) == (422, "oidc_issuer_unsafe")
    assert provider.asked == []


UNDECLARED = "https://ailleurs.example"


def test_oidc_issuer_of_whoever_invites_is_refused_in_production(
    database: Database, world: World, tmp_path: Path
) -> None:
    """Who runs an issuer signs in as whoever is linked to it: the operator names the issuers, not those who invite."""
    body = {"label": "Alma", "issuer": UNDECLARED, "client_id": CLIENT, "client_secret": SECRET}
    path = f"/api/v1/colleges/{world.alma}/oidc-providers"
    for issuers, code in (((), "oidc_issuer_undeclared"), ((UNDECLARED,), "oidc_issuer_silent")):
        settings = Settings(
            environment="production", data_dir=tmp_path, base_url="https://testserver", oidc_issuers=issuers
        )
        with TestClient(create_app(settings, database, RING), base_url="https://testserver") as client:
            for who in ("registrar", "admin"):
                answer = as_(client, database, world, who).post(path, json=body)
                assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_oidc_provider_of_an_issuer_no_longer_named_is_neither_offered_nor_started(
    client: TestClient, database: Database, world: World, provider: Provider, tmp_path: Path
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    for issuers, is_offered, status in (((), False, 404), ((provider.issuer,), True, 503)):
        settings = Settings(
            environment="production", data_dir=tmp_path, base_url="https://testserver", oidc_issuers=issuers
        )
        with TestClient(create_app(settings, database, RING), base_url="https://testserver") as browser:
            assert ("Se connecter avec" in browser.get("/connexion").text) is is_offered
            assert browser.post(f"/connexion/oidc/{provider_id}").status_code == status, "a loopback issuer is silent"


def test_oidc_provider_form_refused_keeps_all_but_the_secret(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    as_(client, database, world, "registrar")
    answer = client.post(
        f"/colleges/{world.alma}/connexion", data=provider_body(provider, issuer="http://ailleurs.example")
    )
    assert (answer.status_code, "http://ailleurs.example" in answer.text) == (422, True)
    assert "secret d" not in answer.text


def test_oidc_provider_of_another_college_is_not_found(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    as_(client, database, world, "other_registrar")
    own_providers = f"/api/v1/colleges/{world.rouyn}/oidc-providers"
    assert client.get(f"/api/v1/colleges/{world.alma}/oidc-providers").status_code == 404
    assert client.delete(f"/api/v1/oidc-providers/{provider_id}").status_code == 404
    assert client.delete("/api/v1/oidc-providers/999999").status_code == 404
    taken = client.post(own_providers, json=provider_body(provider))
    assert (taken.status_code, taken.json()["code"]) == (409, "oidc_provider_taken")
    assert client.get(own_providers).json() == {"items": []}
    as_(client, database, world, "coordinator")
    assert client.get(f"/api/v1/colleges/{world.alma}/oidc-providers").status_code == 403


def test_oidc_provider_removed_signs_nobody_in(
    client: TestClient, database: Database, world: World, provider: Provider
) -> None:
    provider_id = offered(client, database, world, provider.issuer)
    linked(database, world, "maude", provider.issuer)
    callback = returned(departed(client.post(f"/connexion/oidc/{provider_id}")))
    headers = {"Authorization": f"Bearer {token(database, world, 'registrar')}"}
    assert client.delete(f"/api/v1/oidc-providers/{provider_id}", headers=headers).status_code == 204
    assert client.get(callback).status_code == 403
    assert client.post(f"/connexion/oidc/{provider_id}").status_code == 404
    assert client.post("/connexion/oidc/999999").status_code == 404
    assert client.get("/").headers["location"] == "/connexion"
