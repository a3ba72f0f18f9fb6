"""HTTP as the world expects: HEAD, compression, entity tags, what other sites and robots may read, the icon."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.web.assets import asset_url, assets, version
from tests.access.matrix import MATRIX
from tests.conftest import RING
from tests.factories.network import World, as_, token

GETS = sorted(row.partition(" ")[2] for row in MATRIX if row.startswith("GET "))

NEW_EACH_TIME = {"/securite/second-facteur"}
"""Pages with a random secret, whose picture is more or less long."""


@pytest.mark.parametrize("path", [*GETS, "/static/escouade.css", "/rien", "/api/openapi.json"])
def test_head_answers_as_get_without_content(client: TestClient, database: Database, world: World, path: str) -> None:
    """On every address, for someone signed in: the same status and headers."""
    as_(client, database, world, "admin")
    address = re.sub(r"\{[^}]+\}", "1", path)
    got, head = client.get(address), client.head(address)
    assert (head.status_code, head.content) == (got.status_code, b"")
    new_each_time = {"content-length"} if path in NEW_EACH_TIME else set()
    assert {k: v for k, v in head.headers.items() if k not in new_each_time} == {
        k: v for k, v in got.headers.items() if k not in new_each_time
    }


def test_head_has_no_effect_of_a_write(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    for path in ("/deconnexion", "/api/v1/sign-ins"):
        assert client.head(path).status_code == 405
    assert client.head("/api/v1/me").status_code == client.get("/api/v1/me").status_code == 200


def test_methods_of_an_address_name_head(client: TestClient) -> None:
    assert client.put("/connexion").headers["allow"] == "GET, HEAD, POST"
    assert client.post("/static/escouade.css").headers["allow"] == "GET, HEAD"


# Static files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(assets()))
def test_static_file_is_kept_for_ever_under_its_version(client: TestClient, name: str) -> None:
    answer = client.get(asset_url(name))
    assert answer.content == assets()[name].content
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    for path in (f"/static/{name}", f"/static/avant/{name}"):
        old = client.get(path)
        assert (old.content, old.headers["cache-control"]) == (answer.content, "no-cache")
    again = client.get(f"/static/{name}", headers={"If-None-Match": f'"x", {answer.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])


@pytest.mark.parametrize(
    "path", ["/static/", "/static/rien.css", "/static/a/b/escouade.css", "/static/../main.py", "/static/%2e%2e/main.py"]
)
def test_static_file_that_is_none_of_ours_is_missing(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_static_files_are_compressed_where_that_is_smaller(client: TestClient) -> None:
    plain = client.get(asset_url("escouade.css"), headers={"Accept-Encoding": "identity"})
    packed = client.get(asset_url("escouade.css"), headers={"Accept-Encoding": "br, gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert int(packed.headers["content-length"]) < len(plain.content) / 3
    assert (packed.content, packed.headers["etag"]) == (plain.content, f"W/{plain.headers['etag']}")
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    font = client.get(asset_url("escouade.woff2"), headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in font.headers


def test_templates_name_static_files_with_their_version() -> None:
    templates = Path(ROOT / "app/templates").rglob("*.html")
    assert [path.name for path in templates if '"/static/' in path.read_text(encoding="utf-8")] == []


# Compression -------------------------------------------------------------------------------------


def test_page_for_nobody_in_particular_is_compressed(client: TestClient) -> None:
    page = client.get("/connexion", headers={"Accept-Encoding": "gzip"})
    assert (page.headers["content-encoding"], page.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert "</html>" in page.text
    assert "content-encoding" not in client.get("/connexion", headers={"Accept-Encoding": "identity"}).headers


def test_page_that_may_hold_a_secret_is_not_compressed(client: TestClient, database: Database, world: World) -> None:
    """A compressed answer tells by its size what it holds beside what its reader was made to send (BREACH)."""
    assert "content-encoding" not in client.get(f"/v/{1:032x}").headers, "the address holds a code"
    client.cookies.set("escouade", token(database, world, "maude"))
    for path in ("/parcours", "/verification", "/api/v1/me"):
        assert "content-encoding" not in client.get(path).headers, path
    client.cookies.clear()
    as_(client, database, world, "maude")
    assert "content-encoding" not in client.get("/parcours").headers


# What other sites and robots read ----------------------------------------------------------------


@pytest.mark.parametrize("path", [f"/api/v1/verify/{1:032x}", "/colleges/rien/did.json", "/colleges/rien/statuts/0"])
def test_refusals_of_public_documents_are_readable_by_every_site(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["cross-origin-resource-policy"] == "cross-origin"
    assert "access-control-allow-credentials" not in headers


@pytest.mark.parametrize("path", ["/api/v1/me", "/connexion", f"/v/{1:032x}", "/static/escouade.css"])
def test_everything_else_is_for_this_site(client: TestClient, path: str) -> None:
    headers = client.get(path, headers={"Origin": "https://ailleurs.example"}).headers
    assert "access-control-allow-origin" not in headers
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_robots_leave_secrets_and_programs_alone(client: TestClient) -> None:
    answer = client.get("/robots.txt")
    assert answer.headers["content-type"].startswith("text/plain")
    assert {"Disallow: /v/", "Disallow: /invitation/", "Disallow: /api/"} <= set(answer.text.splitlines())


def test_icon_is_where_browsers_look_for_it(client: TestClient) -> None:
    answer = client.get("/favicon.ico")
    assert (answer.headers["content-type"], answer.content[:4]) == ("image/x-icon", b"\0\0\1\0")
    assert client.get("/favicon.ico", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert f'href="/static/{version()}/logo.svg"' in client.get("/connexion").text


def test_security_txt_names_the_contact_for_less_than_a_year(settings: Settings, database: Database) -> None:
    chosen = settings.model_copy(update={"security_contact": "mailto:securite@example.com"})
    client = TestClient(create_app(chosen, database, RING), base_url="http://testserver")
    with at(datetime(2026, 11, 26, 15, 0, tzinfo=UTC)):
        answer = client.get("/.well-known/security.txt")
        fields = dict(line.split(": ", 1) for line in answer.text.splitlines())
        assert answer.headers["content-type"] == "text/plain; charset=utf-8"
        assert fields["Contact"] == "mailto:securite@example.com"
        assert fields["Canonical"] == "http://testserver/.well-known/security.txt"
        assert timedelta(days=90) < datetime.fromisoformat(fields["Expires"]) - now() < timedelta(days=365)


def test_security_txt_without_a_contact_is_missing(client: TestClient) -> None:
    assert client.get("/.well-known/security.txt").status_code == 404
