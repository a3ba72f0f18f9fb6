"""The register of consents: nothing by default, consent to the text that was read, withdrawal at once."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.people.consents import service as consents
from app.people.consents.enums import Purpose
from app.people.consents.schemas import GiveConsent
from app.platform import clock
from app.platform.database.transaction import Database
from app.platform.security.permissions import Permission
from tests.factories.network import World, acting, api_token, as_, count

STUDY = Purpose.EVALUATION_STUDY
GIVE = {"purpose": "evaluation_study", "text_version": "1.0"}
API = "/api/v1/me/consents"
PAGE = "/mon-dossier/consentements"


@pytest.fixture
def maude(client: TestClient, database: Database, world: World) -> TestClient:
    """Return the client signed in as Maude."""
    return as_(client, database, world, "maude")


def has_consented(database: Database, world: World, who: str = "maude", purpose: Purpose = STUDY) -> bool:
    """Return whether a use of the data would be allowed now."""
    with database.transaction() as db:
        return consents.has_consented(db, world.people[who], purpose)


@pytest.fixture
def later_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Provide two later versions of each text; 1.10 comes after 1.9."""
    for file in consents.TEXTS.glob("*/*.md"):
        place = tmp_path / file.parent.name
        place.mkdir(exist_ok=True)
        (place / file.name).write_bytes(file.read_bytes())
        (place / "1.10.fr.md").write_text("# Un autre titre\n\nD’autres mots, <b>sans HTML</b>.\n", "utf-8")
        (place / "1.9.fr.md").write_text("# Entre les deux\n\nPlus pour longtemps.\n", "utf-8")
    monkeypatch.setattr(consents, "TEXTS", tmp_path)
    consents._texts.cache_clear()
    yield
    consents._texts.cache_clear()


def test_consents_by_default_are_none(maude: TestClient, database: Database, world: World) -> None:
    purposes = maude.get(API).json()
    assert [(one["text"]["purpose"], one["agreed"], one["lines"]) for one in purposes] == [
        (purpose.value, False, []) for purpose in Purpose
    ]
    assert all(one["text"]["title"] and "Vous êtes libre" in one["text"]["body"] for one in purposes)
    for who in world.people:
        assert not any(has_consented(database, world, who, purpose) for purpose in Purpose)


def test_consent_given_then_withdrawn_stops_at_once(maude: TestClient, database: Database, world: World) -> None:
    consent = maude.post(API, json=GIVE)
    assert (consent.status_code, consent.json()["agreed"], consent.json()["agreed_version"]) == (201, True, "1.0")
    line = consent.json()["lines"][0]
    assert (line["text_version"], line["language"], line["withdrawn_at"]) == ("1.0", "fr", None)
    assert has_consented(database, world)
    assert not has_consented(database, world, purpose=Purpose.IMAGE_AND_TESTIMONY)
    assert not has_consented(database, world, "karim")
    withdrawn = maude.delete(f"{API}/evaluation_study")
    assert (withdrawn.status_code, withdrawn.json()["agreed"], withdrawn.json()["agreed_version"]) == (200, False, None)
    assert withdrawn.json()["lines"][0]["withdrawn_at"] is not None
    assert not has_consented(database, world)


def test_consent_given_twice_adds_one_entry_and_after_withdrawal_a_new_one(
    maude: TestClient, database: Database, world: World
) -> None:
    for _ in range(2):
        assert len(maude.post(API, json=GIVE).json()["lines"]) == 1
    for _ in range(2):
        maude.delete(f"{API}/evaluation_study")
    with database.transaction() as db:
        assert count(db, "consent") == 1
    lines = maude.post(API, json=GIVE).json()["lines"]
    assert [line["withdrawn_at"] is None for line in lines] == [True, False]
    assert has_consented(database, world)


def test_consent_to_a_text_that_is_not_current_is_refused(
    maude: TestClient, database: Database, world: World, later_versions: None
) -> None:
    for old in ("1.0", "1.9", "2.0"):
        answer = maude.post(API, json=GIVE | {"text_version": old})
        assert (answer.status_code, answer.json()["code"]) == (409, "consent_text_changed")
    assert maude.post(API, json=GIVE | {"text_version": "1.10"}).json()["text"]["title"] == "Un autre titre"
    old = maude.get("/api/v1/consents/evaluation_study/1.0").json()
    assert old["title"] == "Participer à l’évaluation du projet"
    for path in ("evaluation_study/3.0", "evaluation_study/../../1.0", "evaluation_study/1.0.fr"):
        assert maude.get(f"/api/v1/consents/{path}").status_code == 404


def test_consent_to_an_older_text_stays_in_force_and_may_be_renewed(
    maude: TestClient, database: Database, world: World, request: pytest.FixtureRequest
) -> None:
    maude.post(API, json=GIVE)
    request.getfixturevalue("later_versions")
    study = maude.get(API).json()[0]
    assert (study["agreed"], study["agreed_version"], study["text"]["version"]) == (True, "1.0", "1.10")
    page = maude.get(PAGE).text
    assert "Le texte a changé depuis que vous avez consenti à la version 1.0" in page
    assert "&lt;b&gt;sans HTML&lt;/b&gt;" in page
    renewed = maude.post(API, json=GIVE | {"text_version": "1.10"}).json()
    assert (renewed["agreed_version"], len(renewed["lines"])) == ("1.10", 2)
    assert not maude.delete(f"{API}/evaluation_study").json()["agreed"]
    assert not has_consented(database, world)


def test_consent_is_dated(database: Database, world: World) -> None:
    at = clock.now()
    with database.transaction() as db:
        actor = acting(db, world, "maude", Permission.ME_MANAGE)
        consents.give(db, actor, GiveConsent(purpose=STUDY, text_version="1.0"))
        line = consents.consents(db, actor)[0].lines[0]
    assert timedelta(0) <= line.given_at - at < timedelta(seconds=30)


@pytest.mark.parametrize(
    "body",
    [{}, {"purpose": "public_verification", "text_version": "1.0"}, {"purpose": "evaluation_study"},
     GIVE | {"text_version": ""}, GIVE | {"text_version": "1" * 21}, GIVE | {"person_id": 1}],
)  # fmt: skip
def test_consent_malformed_is_refused(maude: TestClient, body: dict[str, object]) -> None:
    assert maude.post(API, json=body).status_code == 422
    assert maude.delete(f"{API}/public_verification").status_code == 422


def test_consents_by_api_token_are_read_only(client: TestClient, database: Database, world: World) -> None:
    for permissions in ([Permission.ME_READ], [Permission.ME_READ, Permission.ME_MANAGE]):
        client.headers["Authorization"] = f"Bearer {api_token(database, world, 'maude', *permissions)}"
        assert client.get(API).status_code == 200
        assert client.post(API, json=GIVE).status_code == 403
        assert client.delete(f"{API}/evaluation_study").status_code == 403


def test_consents_page_gives_and_withdraws(maude: TestClient, database: Database, world: World) -> None:
    page = maude.get(PAGE)
    assert page.status_code == 200
    assert page.text.count("J’y consens") == 6
    assert "<strong>Vous êtes libre.</strong>" in page.text
    answer = maude.post(PAGE, data=GIVE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#evaluation_study")
    assert has_consented(database, world)
    page = maude.get(PAGE)
    assert "Vous y consentez" in page.text
    assert page.text.count("J’y consens") == 5
    text = maude.get(f"{PAGE}/evaluation_study/1.0")
    assert "<h1>Participer à l’évaluation du projet</h1>" in text.text
    answer = maude.post(f"{PAGE}/evaluation_study/retrait")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#evaluation_study")
    assert not has_consented(database, world)
    assert "retiré le" in maude.get(PAGE).text


def test_consent_pages_unknown_are_not_found(maude: TestClient) -> None:
    for path in ("public_verification/1.0", "evaluation_study/9.9"):
        assert maude.get(f"{PAGE}/{path}").status_code == 404
    assert maude.get(f"{PAGE}/evaluation_study/retrait").status_code == 405  # the address of a form


def test_home_page_links_to_the_consents(maude: TestClient) -> None:
    assert f'href="{PAGE}"' in maude.get("/").text


def test_published_consent_texts_never_change() -> None:
    """A changed text is a new version: the old one must stay as people read it."""
    lines = (consents.TEXTS / "published.sha256").read_text().splitlines()
    published = {name: digest for digest, name in (line.split("  ") for line in lines)}
    present = {f"{file.parent.name}/{file.name}": file for file in consents.TEXTS.glob("*/*.md")}
    assert set(published) == set(present)
    for name, file in present.items():
        assert hashlib.sha256(file.read_bytes()).hexdigest() == published[name], name


def test_every_purpose_has_a_french_text() -> None:
    for purpose in Purpose:
        text = consents.current_text(purpose)
        assert (text.language, bool(text.title), len(text.body) > 300) == ("fr", True, True)
