"""Signing in and out with a browser, and the links of each role's home page."""

import re
from dataclasses import dataclass
from html import unescape
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.keyring import new_keyring
from app.platform.web.assets import asset_url
from tests.factories.network import PASSWORD, World, as_


@pytest.fixture
def browser(client: TestClient, world: World) -> TestClient:
    """Return a browser in which Maude has signed in with her password."""
    answer = submit_sign_in(client, world.emails["maude"])
    assert answer.status_code == 303
    return client


def submit_sign_in(client: TestClient, email: str, password: str = PASSWORD, suite: str = "/") -> Response:
    """Return the response to the sign-in form."""
    return client.post("/connexion", params={"suite": suite}, data={"email": email, "password": password})


def test_sign_in_cookie_is_same_site_and_http_only(client: TestClient, world: World) -> None:
    cookie = submit_sign_in(client, world.emails["maude"]).headers["set-cookie"]
    attributes = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert cookie.startswith("escouade=")
    assert attributes == {"httponly", "samesite=lax", "path=/", "max-age=43200"}


def test_sign_in_cookie_over_tls_is_bound_to_the_host(database: Database, world: World, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, base_url="https://testserver")
    with TestClient(
        create_app(settings, database, new_keyring()), base_url="https://testserver", follow_redirects=False
    ) as client:
        cookie = submit_sign_in(client, world.emails["maude"]).headers["set-cookie"]
        assert cookie.startswith("__Host-escouade=")
        assert {"Secure", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert client.get("/").status_code == 200


def test_sign_out_ends_the_sign_in(browser: TestClient) -> None:
    assert "Maude Bérubé" in browser.get("/").text
    old_cookies = dict(browser.cookies)
    answer = browser.post("/deconnexion")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")
    assert dict(browser.cookies) == {}
    browser.cookies.update(old_cookies)
    assert browser.get("/").headers["location"] == "/connexion"


def test_sign_out_twice_changes_nothing(client: TestClient) -> None:
    assert client.post("/deconnexion").status_code == 303


def test_sign_in_page_when_signed_in_redirects(browser: TestClient) -> None:
    answer = browser.get("/connexion", params={"suite": "/parcours"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/parcours")


def test_sign_in_page_refusal_is_the_same_for_an_unknown_address(client: TestClient, world: World) -> None:
    known, unknown = world.emails["maude"], "nulle.part@escouade.example.com"
    wrong = submit_sign_in(client, known, "ce n’est pas la bonne phrase")
    stranger = submit_sign_in(client, unknown)
    assert (wrong.status_code, stranger.status_code) == (401, 401)
    assert wrong.text.replace(known, "") == stranger.text.replace(unknown, "")
    assert f'value="{known}"' in wrong.text
    assert "bonne phrase" not in wrong.text
    assert 'role="alert"' in wrong.text


@pytest.mark.parametrize(
    ("suite", "location"),
    [
        ("/parcours?ordre=nom", "/parcours?ordre=nom"),
        ("https://ailleurs.example", "/"),
        ("//ailleurs.example", "/"),
        ("/\\ailleurs.example", "/"),
        ("/\tailleurs", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_sign_in_redirects_to_this_site_only(client: TestClient, world: World, suite: str, location: str) -> None:
    assert submit_sign_in(client, world.emails["maude"], suite=suite).headers["location"] == location
    assert client.get("/connexion", params={"suite": suite}).headers["location"] == location


def test_sign_in_redirects_to_the_page_first_requested(client: TestClient, world: World) -> None:
    sign_in_path = client.get("/parcours").headers["location"]
    assert sign_in_path == "/connexion?suite=/parcours"
    form = re.search(r'action="([^"]+)"', client.get(sign_in_path).text)
    assert form is not None
    answer = client.post(unescape(form[1]), data={"email": world.emails["maude"], "password": PASSWORD})
    assert answer.headers["location"] == "/parcours"


@dataclass
class DemoAccount:
    """An account as the command line passes it to the application."""

    role: str
    college: str
    name: str
    email: str
    password: str


def test_demo_accounts_are_shown_in_the_demo_only(database: Database, world: World, tmp_path: Path) -> None:
    account = DemoAccount("trainer", "Collège d’Alma", "Théo Formation", world.emails["trainer"], PASSWORD)
    for environment, shown in (("demo", True), ("development", False), ("production", False)):
        settings = Settings(environment=environment, data_dir=tmp_path, base_url="http://testserver")
        app = create_app(settings, database, new_keyring())
        app.state.demo_accounts = [account]
        with TestClient(app) as client:
            assert (account.email in client.get("/connexion").text) is shown


def test_home_page_without_a_sign_in_redirects_to_it(client: TestClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")


HOMES = {
    "maude": {
        *(f"/parcours/{{enrolment}}/activites/{code}" for code in ("GEN-1.A", "GEN-1.C", "GEN-2.A")),
        "/", "/parcours", "/parcours/{enrolment}", "/mandats", "/codev", "/attestations", "/cohortes-ouvertes",
        "/mon-dossier/consultations", "/mon-dossier/consentements", "/mon-calendrier", "/conseillers",
        "/revisions",
    },
    "trainer": {
        "/", "/mon-calendrier", "/cohortes", "/cohortes/{cohort}", "/jugements", "/jalons", "/mandats", "/rapports",
        "/conseillers", "/revisions", "/colleges/{college}/mes-interets", "/acquis",
    },
    "facilitator": {"/", "/mon-calendrier", "/codev", "/conseillers", "/colleges/{college}/mes-interets"},
    "coordinator": {
        "/", "/cohortes", "/cohortes/{cohort}", "/heures", "/entreprises", "/propositions", "/jalons",
        "/mandats", "/codev", "/rapports", "/lieux", "/conseillers", "/revisions", "/colleges/{college}/interets",
    },
    "registrar": {
        "/colleges/{college}/acquis", "/", "/cohortes", "/cohortes/{cohort}", "/colleges/{college}/attestations",
        "/colleges/{college}/roles",
        "/colleges/{college}/connexion", "/rapports", "/invitations", "/propositions", "/conseillers",
    },
    "observer": {"/", "/indicateurs"},
    "admin": {
        "/", "/administration", "/administration/fichiers", "/administration/lettres", "/administration/registre",
        "/administration/reglages", "/administration/travaux", "/administration/verifications", "/cohortes", "/comptes",
        "/invitations", "/roles",
        "/colleges", "/lieux", "/projets", "/regions", "/roles-tenus",
    },
    "nobody": {"/", "/cohortes-ouvertes"},
}  # fmt: skip


@pytest.mark.parametrize("who", HOMES)
def test_home_page_links_to_what_the_person_may_do_only(
    client: TestClient, database: Database, world: World, who: str
) -> None:
    as_(client, database, world, who)
    links = set(re.findall(r'href="(/[^"#]*)"', client.get("/").text))
    places = {"enrolment": world.enrolments["maude"], "cohort": world.cohort, "college": world.alma}
    everywhere = {
        "/verification",
        "/securite",
        "/messages",
        "/repertoire",
        "/lexique",
        *map(asset_url, ("logo.svg", "escouade.css", "escouade.woff2")),
    }
    assert links - everywhere == {path.format(**places) for path in HOMES[who]}


def test_page_has_one_heading_and_a_language(client: TestClient) -> None:
    page = client.get("/connexion")
    assert '<html lang="fr-CA">' in page.text
    assert len(re.findall("<h1", page.text)) == 1
    assert page.headers["cache-control"] == "no-store"
    assert " style=" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]


def test_first_page_is_light(client: TestClient) -> None:
    page = client.get("/connexion").text
    files = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))
    sizes = {name: len(client.get(name).content) for name in files}
    names = ("logo.svg", "escouade.css", "escouade.woff2", "htmx.min.js", "drafts.js")
    assert set(sizes) == {asset_url(name) for name in names}
    assert max(sizes.values()) < 60_000
    assert sizes[asset_url("escouade.woff2")] <= 40_000
