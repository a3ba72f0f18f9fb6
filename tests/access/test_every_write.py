"""Every write from another site is refused, in every encoding; absolute URLs come from the settings only."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlmodel import select

from app.identity.account.models import Account
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.service import create_sign_in
from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from app.platform.security.guards import UNSAFE
from tests.access.test_every_route_is_guarded import guarded_routes
from tests.factories.network import World, count

ELSEWHERE = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://ailleurs.example"},
    {"Origin": "null"},
]
FORMS: dict[str, dict[str, object]] = {
    "form": {"data": {"motive": "Je veux."}},
    "multipart": {"data": {"motive": "Je veux."}, "files": {"x": ("x.txt", b"x")}},
    "text/plain": {"content": b'{"motive": "Je veux."}', "headers": {"Content-Type": "text/plain"}},
    "json": {"json": {"motive": "Je veux."}},
    "htmx": {"data": {"motive": "Je veux."}, "headers": {"HX-Request": "true"}},
    "nothing": {},
}


@pytest.fixture
def browser(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client with the cookie of someone who may apply to a cohort."""
    with database.transaction() as db:
        account = db.exec(select(Account.id).where(Account.person_id == world.people["nobody"])).one()
        secret, _ = create_sign_in(db, account, kind=SignInKind.COOKIE, hours=1)
    client.cookies.set("escouade", secret)
    return client


def writes(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Yield ``(method, path)`` of every write, each parameter filled in."""
    for route, _ in guarded_routes(app):
        method, path = route.split(" ", 1)
        if method in UNSAFE:
            yield method, re.sub(r"\{[^}]+\}", "1", path)


def test_every_write_from_another_site_is_refused(
    site: FastAPI, browser: TestClient, database: Database, world: World
) -> None:
    all_writes = list(writes(site))
    assert len(all_writes) > 60
    for method, path in all_writes:
        answer = browser.request(method, path, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, path
        assert "Cette demande vient d’un autre site" in answer.text or answer.json()["code"] == "cross_site", path
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "enrolment") == 4


@pytest.mark.parametrize("headers", ELSEWHERE, ids=str)
@pytest.mark.parametrize("form", FORMS)
def test_write_from_another_site_is_refused_in_every_encoding(
    browser: TestClient, database: Database, world: World, form: str, headers: dict[str, str]
) -> None:
    sent = dict(FORMS[form])
    sent["headers"] = {**sent.get("headers", {}), **headers}  # type: ignore[dict-item]
    for path in (f"/cohortes-ouvertes/{world.cohort}", f"/api/v1/cohorts/{world.cohort}/applications"):
        assert browser.post(path, **sent).status_code == 403  # type: ignore[arg-type]
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "application") == 4


def test_same_write_from_this_site_is_accepted(browser: TestClient, database: Database, world: World) -> None:
    path = f"/api/v1/cohorts/{world.cohort}/applications"
    answer = browser.post(path, json={"motive": "Je veux."}, headers={"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 201
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "application") == 5


# Addresses ---------------------------------------------------------------------------------------


OTHER_HOSTS = {
    "app/cli/serve/serving.py": "of the first request, which the server sends itself",
    "app/platform/database/urls.py": "of a database, in its URL",
    "app/platform/jobs/engine.py": "of a worker",
    "app/platform/messages/smtp.py": "of a mail server, in a problem's parameters",
    "app/platform/outgoing/client.py": "of a request that goes out",
}
"""Files that name another host than that of a request, and which."""


def test_no_code_reads_an_address_from_the_request() -> None:
    """The Host header is compared by the middleware, and never used in a response."""
    reads_address = re.compile(
        r"request\.(?:url|base_url)\b|url_for|url_path_for|b?[\"']host[\"']|\bhost: .*Header\(", re.IGNORECASE
    )
    ways = ("headers['host']", 'headers.get("Host")', "getlist(b'host')", 'dict(scope["headers"])[b"host"]')
    assert all(map(reads_address.search, ways))
    files = {
        str(path.relative_to(ROOT))
        for path in [*(ROOT / "app").rglob("*.py"), *(ROOT / "app").rglob("*.html")]
        if reads_address.search(path.read_text(encoding="utf-8"))
    }
    assert files == {"app/platform/web/middleware.py", *OTHER_HOSTS}


@pytest.mark.parametrize("path", ["/connexion/", "/api/v1/me/", "/verification/", "/cohortes/"])
def test_no_redirect_contains_the_host_header(client: TestClient, path: str) -> None:
    answer = client.get(path, headers={"Host": "localhost:1234"})
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_every_redirect_is_within_this_site(client: TestClient) -> None:
    for path in ("/", "/parcours", "/cohortes", "/connexion?suite=//ailleurs.example", "/verification?code=x"):
        location = client.get(path, headers={"Host": "localhost"}).headers.get("location", "/")
        assert location.startswith("/"), path
        assert not location.startswith("//"), path


# Pages -------------------------------------------------------------------------------------------


PACKAGE = ROOT / "app" / "templates" / "learning" / "package.html"
"""A file of a ZIP that is read without a network: its style is in it. No page of this site extends it."""


def test_no_template_has_a_script_or_a_style_of_its_own() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=|javascript:|hx-on|//cdn|https?://", re.I)
    served = set((ROOT / "app" / "templates").rglob("*.html")) - {PACKAGE}
    assert PACKAGE.exists()
    for path in served:
        assert not inline.search(path.read_text(encoding="utf-8")), path


def test_what_is_private_is_kept_by_no_one(browser: TestClient) -> None:
    for path in ("/", "/cohortes-ouvertes", "/mon-dossier/consentements", "/api/v1/me", "/api/openapi.json"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store"), path
