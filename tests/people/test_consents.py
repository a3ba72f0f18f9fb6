"""The register of consents: nothing by default, in the words that were read, taken back at once."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.people.consents import service as consents
from app.people.consents.enums import Purpose
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
    """The client signed in as Maude."""
    return as_(client, database, world, "maude")


def agreed(database: Database, world: World, who: str = "maude", purpose: Purpose = STUDY) -> bool:
    """Whether a use would be allowed now."""
    with database.transaction() as db:
        return consents.agreed(db, world.people[who], purpose)


@pytest.fixture
def newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two later versions of each text; the tenth comes after the ninth."""
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


def test_nothing_is_agreed_to_by_default(maude: TestClient, database: Database, world: World) -> None:
    found = maude.get(API).json()
    assert [(one["text"]["purpose"], one["agreed"], one["lines"]) for one in found] == [
        (purpose.value, False, []) for purpose in Purpose
    ]
    assert all(one["text"]["title"] and "Vous êtes libre" in one["text"]["body"] for one in found)
    for who in world.people:
        assert not any(agreed(database, world, who, purpose) for purpose in Purpose)


def test_agreeing_and_taking_back(maude: TestClient, database: Database, world: World) -> None:
    given = maude.post(API, json=GIVE)
    assert (given.status_code, given.json()["agreed"], given.json()["agreed_version"]) == (201, True, "1.0")
    line = given.json()["lines"][0]
    assert (line["text_version"], line["language"], line["withdrawn_at"]) == ("1.0", "fr", None)
    assert agreed(database, world)
    assert not agreed(database, world, purpose=Purpose.IMAGE_AND_TESTIMONY)
    assert not agreed(database, world, "karim")
    back = maude.delete(f"{API}/evaluation_study")
    assert (back.status_code, back.json()["agreed"], back.json()["agreed_version"]) == (200, False, None)
    assert back.json()["lines"][0]["withdrawn_at"] is not None
    assert not agreed(database, world)


def test_twice_changes_nothing_and_again_is_a_new_line(maude: TestClient, database: Database, world: World) -> None:
    for _ in range(2):
        assert len(maude.post(API, json=GIVE).json()["lines"]) == 1
    for _ in range(2):
        maude.delete(f"{API}/evaluation_study")
    with database.transaction() as db:
        assert count(db, "consent") == 1
    lines = maude.post(API, json=GIVE).json()["lines"]
    assert [line["withdrawn_at"] is None for line in lines] == [True, False]
    assert agreed(database, world)


def test_the_words_that_were_read_are_those_of_today(
    maude: TestClient, database: Database, world: World, newer: None
) -> None:
    for old in ("1.0", "1.9", "2.0"):
        answer = maude.post(API, json=GIVE | {"text_version": old})
        assert (answer.status_code, answer.json()["code"]) == (409, "consent_text_changed")
    assert maude.post(API, json=GIVE | {"text_version": "1.10"}).json()["text"]["title"] == "Un autre titre"
    old = maude.get("/api/v1/consents/evaluation_study/1.0").json()
    assert old["title"] == "Participer à l’évaluation du projet"
    for path in ("evaluation_study/3.0", "evaluation_study/../../1.0", "evaluation_study/1.0.fr"):
        assert maude.get(f"/api/v1/consents/{path}").status_code == 404


def test_an_older_consent_stands_and_may_be_renewed(
    maude: TestClient, database: Database, world: World, request: pytest.FixtureRequest
) -> None:
    maude.post(API, json=GIVE)
    request.getfixturevalue("newer")
    found = maude.get(API).json()[0]
    assert (found["agreed"], found["agreed_version"], found["text"]["version"]) == (True, "1.0", "1.10")
    page = maude.get(PAGE).text
    assert "Le texte a changé depuis que vous avez consenti à la version 1.0" in page
    assert "&lt;b&gt;sans HTML&lt;/b&gt;" in page
    renewed = maude.post(API, json=GIVE | {"text_version": "1.10"}).json()
    assert (renewed["agreed_version"], len(renewed["lines"])) == ("1.10", 2)
    assert not maude.delete(f"{API}/evaluation_study").json()["agreed"]
    assert not agreed(database, world)


def test_the_register_keeps_when(database: Database, world: World) -> None:
    at = clock.now()
    with database.transaction() as db:
        actor = acting(db, world, "maude", Permission.ME_MANAGE)
        consents.give(db, actor, consents.GiveConsent(purpose=STUDY, text_version="1.0"))
        line = consents.consents(db, actor)[0].lines[0]
    assert timedelta(0) <= line.given_at - at < timedelta(seconds=30)


@pytest.mark.parametrize(
    "body",
    [{}, {"purpose": "public_verification", "text_version": "1.0"}, {"purpose": "evaluation_study"},
     GIVE | {"text_version": ""}, GIVE | {"text_version": "1" * 21}, GIVE | {"person_id": 1}],
)  # fmt: skip
def test_what_is_no_consent(maude: TestClient, body: dict[str, object]) -> None:
    assert maude.post(API, json=body).status_code == 422
    assert maude.delete(f"{API}/public_verification").status_code == 422


def test_a_program_reads_and_never_agrees(client: TestClient, database: Database, world: World) -> None:
    for permissions in ([Permission.ME_READ], [Permission.ME_READ, Permission.ME_MANAGE]):
        client.headers["Authorization"] = f"Bearer {api_token(database, world, 'maude', *permissions)}"
        assert client.get(API).status_code == 200
        assert client.post(API, json=GIVE).status_code == 403
        assert client.delete(f"{API}/evaluation_study").status_code == 403


def test_the_page_without_a_script(maude: TestClient, database: Database, world: World) -> None:
    page = maude.get(PAGE)
    assert page.status_code == 200
    assert page.text.count("J’y consens") == 3
    assert "<strong>Vous êtes libre.</strong>" in page.text
    answer = maude.post(PAGE, data=GIVE)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#evaluation_study")
    assert agreed(database, world)
    page = maude.get(PAGE)
    assert "Vous y consentez" in page.text
    assert page.text.count("J’y consens") == 2
    words = maude.get(f"{PAGE}/evaluation_study/1.0")
    assert "<h1>Participer à l’évaluation du projet</h1>" in words.text
    answer = maude.post(f"{PAGE}/evaluation_study/retrait")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}#evaluation_study")
    assert not agreed(database, world)
    assert "retiré le" in maude.get(PAGE).text


def test_pages_that_are_not_there(maude: TestClient) -> None:
    for path in ("public_verification/1.0", "evaluation_study/9.9", "evaluation_study/retrait"):
        assert maude.get(f"{PAGE}/{path}").status_code == 404


def test_home_leads_there(maude: TestClient) -> None:
    assert f'href="{PAGE}"' in maude.get("/").text


def test_published_words_never_change() -> None:
    """A changed text is a new version: the old one must stay as people read it."""
    lines = (consents.TEXTS / "published.sha256").read_text().splitlines()
    published = {name: digest for digest, name in (line.split("  ") for line in lines)}
    there = {f"{file.parent.name}/{file.name}": file for file in consents.TEXTS.glob("*/*.md")}
    assert set(published) == set(there)
    for name, file in there.items():
        assert hashlib.sha256(file.read_bytes()).hexdigest() == published[name], name


def test_every_purpose_has_its_words_in_french() -> None:
    for purpose in Purpose:
        words = consents.proposed(purpose)
        assert (words.language, bool(words.title), len(words.body) > 300) == ("fr", True, True)
