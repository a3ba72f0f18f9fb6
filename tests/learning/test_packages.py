"""Packages to take away: whole in themselves, the same bytes again, and nothing that one may not see (S1)."""

import io
import re
import zipfile
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.curricula.library import default_library
from app.learning.hand_ins.rules import MEGABYTE
from app.learning.packages import service
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.opening import file_store
from app.platform.messages.i18n import day
from app.progress.rules import due_on
from tests.factories.learning import PDF
from tests.factories.network import STARTED, World, as_

API = "/api/v1"
REFERENCES = ("href", "src", "srcset", "action", "data", "poster", "formaction", "background", "ping")


class Links(HTMLParser):
    """Everything that a page refers to, the tags that it uses, and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.references += [value or "" for name, value in attrs if name in REFERENCES]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def package(client: TestClient, world: World, of: str, who: str = "maude", **headers: str) -> Response:
    kind = "activities" if re.search(r"\.[A-Z0-9]+$", of) else "modules"
    return client.get(f"{API}/enrolments/{world.enrolments[who]}/{kind}/{of}/package", headers=headers)


def opened(answer: Response) -> zipfile.ZipFile:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip"), answer.text
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.testzip() is None
    return archive


def page(archive: zipfile.ZipFile, name: str) -> Links:
    return Links(archive.read(name).decode())


def share(client: TestClient, world: World, cohort: int, name: str, content: bytes = PDF, **fields: str) -> None:
    data = {"title": f"Document {name}", "body": f"Texte de {name}", **fields}
    address = f"{API}/cohorts/{cohort}/activities/GEN-1.B/documents"
    sent = client.post(address, data=data, files={"file": (name, content)})
    assert sent.status_code == 201, sent.text


def test_every_activity_of_a_path_makes_a_page_that_refers_to_nothing_outside_itself(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    curriculum = default_library().curriculum("generaliste", "1.0")
    library = default_library()
    for module in curriculum.modules:
        archive = opened(package(client, world, module.code))
        inside = set(archive.namelist())
        assert inside == {"lisez-moi.html", *(f"{a.code}.html" for a in module.activities)}
        for name in inside:
            read = page(archive, name)
            assert {r for r in read.references if r not in inside} == set(), name
            assert not {"script", "link", "img", "iframe", "object", "form"} & set(read.tags), name
            assert "url(" not in archive.read(name).decode()
            assert "@import" not in archive.read(name).decode()
            assert read.tags.count("h1") == 1
            assert read.tags.count("main") == 1
        for activity in module.activities:
            text = page(archive, f"{activity.code}.html").text
            asked = library.page("generaliste", "1.0", activity.code)
            for section in (asked.intention, asked.steps, asked.deliverable, asked.criteria, asked.time):
                assert Links(section).text in text, activity.code
            for code in asked.criteria_codes:
                assert library.framework_of(curriculum).criteria[code].text in text
            assert f"À terminer pour le {day(due_on(module, STARTED))}".replace("\N{NO-BREAK SPACE}", " ") in text
            assert "heure de l’Est" in text


def test_no_page_of_a_path_leads_outside(world: World) -> None:
    library = default_library()
    for curriculum in library.curricula.values():
        for code in curriculum.placed:
            asked = library.page(curriculum.slug, curriculum.version, code)
            sections = (asked.intention, asked.steps, asked.deliverable, asked.criteria, asked.time)
            assert [Links(section).references for section in sections] == [[]] * 5, code


def test_page_says_how_to_hand_in_afterwards_by_what_the_activity_takes(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    said = {code: page(opened(package(client, world, code)), f"{code}.html").text for code in
            ("GEN-1.A", "GEN-1.B", "GEN-1.C", "GEN-8.A")}  # fmt: skip
    assert f"/parcours/{world.enrolments['maude']}/activites/GEN-1.C" in said["GEN-1.C"]
    assert (
        "un travail terminé avant l’échéance et reçu au plus 48 h après compte comme remis à temps" in said["GEN-1.C"]
    )
    assert "Notez ici le moment où vous avez fini" in said["GEN-1.C"]
    assert "n’est jamais en retard" in said["GEN-1.B"]
    assert "Notez ici le moment" not in said["GEN-1.B"]
    assert "le jour où vous l’avez faite" in said["GEN-1.A"]
    assert "par demi-heure" in said["GEN-8.A"]


def test_documents_of_the_workshop_are_beside_the_page_which_leads_to_them(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "trainer")
    share(client, world, world.cohort, "Règles été.pdf", link="https://site.example/regles")
    as_(client, database, world, "maude")
    for of in ("GEN-1.B", "GEN-1"):
        archive = opened(package(client, world, of))
        [name] = [n for n in archive.namelist() if n.startswith("documents/")]
        assert name.endswith("Règles été.pdf")
        assert archive.read(name) == PDF
        read = page(archive, "GEN-1.B.html")
        assert len(read.references) == 1
        assert "Texte de Règles été.pdf" in read.text
        assert "https://site.example/regles" in read.text, "an address to copy, which no reading needs"


def test_document_beyond_the_bound_is_named_and_left_out(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "MOST_MEGABYTES", 1)
    as_(client, database, world, "trainer")
    share(client, world, world.cohort, "lourd.pdf", PDF + bytes(MEGABYTE))
    share(client, world, world.cohort, "leger.pdf")
    as_(client, database, world, "maude")
    archive = opened(package(client, world, "GEN-1.B"))
    assert [n.rpartition("-")[2] for n in archive.namelist()] == ["1.B.html", "leger.pdf"]
    assert "lourd.pdf n’est pas dans ce paquet" in page(archive, "GEN-1.B.html").text


def test_same_package_has_the_same_bytes_and_is_not_sent_again_until_it_changes(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "trainer")
    share(client, world, world.cohort, "Règles.pdf")
    as_(client, database, world, "maude")
    first, again = package(client, world, "GEN-1"), package(client, world, "GEN-1")
    assert first.content == again.content
    tag = first.headers["etag"]
    known = package(client, world, "GEN-1", **{"If-None-Match": tag})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    as_(client, database, world, "trainer")
    share(client, world, world.cohort, "Carte.pdf")
    as_(client, database, world, "maude")
    changed = package(client, world, "GEN-1", **{"If-None-Match": tag})
    assert (changed.status_code, changed.headers["etag"] != tag) == (200, True)


def test_package_holds_no_document_of_another_cohort_and_no_work_of_anybody(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "other_trainer")
    share(client, world, world.other_cohort, "Autre cohorte.pdf", PDF + b"% ailleurs")
    as_(client, database, world, "trainer")
    share(client, world, world.cohort, "Ancienne.pdf", PDF + b"% ancienne", title="Version remplacée")
    document = client.get(f"{API}/cohorts/{world.cohort}/activities/GEN-1.B/documents").json()[0]["id"]
    client.post(f"{API}/documents/{document}/withdrawal", json={"reason": "Contient un nom."})
    for who in ("maude", "karim"):
        as_(client, database, world, who)
        work = f"{API}/enrolments/{world.enrolments[who]}/hand-ins"
        sent = client.post(work, json={"activity_code": "GEN-1.B", "body": f"Le travail de {who}"})
        assert sent.status_code == 201, sent.text
    as_(client, database, world, "maude")
    archive = opened(package(client, world, "GEN-1"))
    whole = "".join(archive.namelist()).encode() + b"".join(archive.read(name) for name in archive.namelist())
    for hidden in ("Autre cohorte", "Ancienne", "Version remplacée", "Contient un nom", "Le travail de", "Haddad"):
        assert hidden.encode() not in whole, hidden


def test_package_of_another_person_and_of_what_the_path_has_not_are_missing(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "karim")
    assert package(client, world, "GEN-1.B").status_code == 404
    assert package(client, world, "GEN-1").status_code == 404
    as_(client, database, world, "maude")
    assert package(client, world, "GEN-9.Z").status_code == 404
    assert package(client, world, "GEN-99").status_code == 404


def test_lost_document_is_said_before_anything_is_sent(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    as_(client, database, world, "trainer")
    share(client, world, world.cohort, "Règles.pdf", PDF + b"% perdu")
    stored = client.get(f"{API}/cohorts/{world.cohort}/activities/GEN-1.B/documents").json()[0]["file_sha256"]
    file_store(settings).restrict(stored)
    as_(client, database, world, "maude")
    answer = package(client, world, "GEN-1.B")
    assert (answer.status_code, answer.json()["code"]) == (503, "file_unavailable")


def test_pages_of_the_activity_and_of_the_path_lead_to_the_packages_and_say_the_bound(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "maude")
    path = f"/parcours/{world.enrolments['maude']}"
    for page_of, leads_to in ((f"{path}/activites/GEN-1.B", f"{path}/activites/GEN-1.B/paquet"),
                              (path, f"{path}/modules/GEN-1/paquet")):  # fmt: skip
        shown = client.get(page_of).text
        assert f'href="{leads_to}"' in shown
        assert "jusqu’à 20\N{NO-BREAK SPACE}Mo" in shown or "jusqu’à 20 Mo" in shown
        answer = client.get(leads_to)
        opened(answer)
        assert answer.headers["content-disposition"].startswith("attachment")
