"""Documents of a workshop: shared by its trainer with the whole cohort, replaced, withdrawn, with their history."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from app.cohorts.enums import CohortState
from app.learning.documents.rules import MOST
from app.platform.database.transaction import Database
from tests.factories.cohorts import set_state
from tests.factories.learning import PDF, PNG
from tests.factories.network import World, as_, count
from tests.factories.photos import heic

API = "/api/v1"
CODE = "GEN-1.B"
SHARED = {"title": "Cinq règles communes", "body": "Une pratique connue d’une seule personne ne dépasse pas 2."}


def address(world: World, code: str = CODE, history: str = "") -> str:
    return f"{API}/cohorts/{world.cohort}/activities/{code}/documents{history}"


def page(world: World, code: str = CODE) -> str:
    return f"/cohortes/{world.cohort}/activites/{code}/documents"


def share(client: TestClient, world: World, file: tuple[str, bytes] | None = None, **fields: object) -> Response:
    files = {"file": file} if file else None
    code = str(fields.pop("code", CODE))
    return client.post(address(world, code), data={**SHARED, **fields}, files=files)


def codes(answer: Response) -> list[tuple[str | None, str]]:
    return [(e["field"], e["code"]) for e in answer.json()["errors"]]


def titles(answer: Response) -> list[Any]:
    return [d["title"] for d in answer.json()]


def rows(database: Database, world: World) -> int:
    with database.transaction(colleges=[world.alma]) as db:
        return count(db, "cohort_document")


def test_document_shared_by_a_trainer_is_read_by_the_whole_cohort_and_by_nobody_else(
    client: TestClient, database: Database, world: World
) -> None:
    shared = share(as_(client, database, world, "trainer"), world, ("Règles.pdf", PDF), link="https://site.example/a")
    assert shared.status_code == 201, shared.text
    file = f"{API}/documents/{shared.json()['id']}/file"
    for who in ("maude", "karim", "coordinator", "registrar"):
        read = as_(client, database, world, who).get(address(world))
        assert [(d["title"], d["body"], d["link"]) for d in read.json()] == [
            (*SHARED.values(), "https://site.example/a")
        ]
        download = client.get(file)
        assert (download.content, download.headers["content-type"]) == (PDF, "application/pdf")
        assert download.headers["content-disposition"].startswith("attachment")
        assert download.headers["content-security-policy"] == "sandbox; default-src 'none'"
    for who in ("other_participant", "other_trainer", "other_coordinator"):
        as_(client, database, world, who)
        assert client.get(address(world)).status_code == 404
        assert client.get(file).content == client.get(f"{API}/documents/999999/file").content
    for who in ("maude", "registrar"):
        assert share(as_(client, database, world, who), world).status_code == 403
    assert rows(database, world) == 1


def test_new_version_replaces_and_a_withdrawal_hides_with_their_history(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "trainer")
    first = share(client, world, ("Règles.pdf", PDF)).json()
    second = share(client, world, supersedes=first["id"], title="Six règles").json()
    assert (second["file_name"], second["file_sha256"]) == ("Règles.pdf", first["file_sha256"]), "the file is kept"
    assert titles(client.get(address(world))) == ["Six règles"]
    stale = share(client, world, supersedes=first["id"])
    assert (stale.status_code, codes(stale)) == (409, [("supersedes", "document_stale")])
    withdrawal = f"{API}/documents/{second['id']}/withdrawal"
    assert codes(client.post(withdrawal, json={})) == [("reason", "missing")]
    gone = client.post(withdrawal, json={"reason": "Contient un nom."})
    assert (gone.status_code, gone.json()["withdrawn"], gone.json()["reason"]) == (201, True, "Contient un nom.")
    assert client.post(withdrawal, json={"reason": "Encore."}).status_code == 409
    history = client.get(address(world, history="/history")).json()
    assert [(d["title"], d["in_force"], d["withdrawn"]) for d in history] == [
        (SHARED["title"], False, False), ("Six règles", False, False), ("Six règles", False, True),
    ]  # fmt: skip
    assert [d["supersedes_id"] for d in history] == [None, first["id"], second["id"]]
    assert client.get(f"{API}/documents/{second['id']}/file").status_code == 200, "who shares reads former versions"
    as_(client, database, world, "maude")
    assert client.get(address(world)).json() == []
    for document in (first, second, gone.json()):
        assert client.get(f"{API}/documents/{document['id']}/file").status_code == 404
    assert client.get(address(world, history="/history")).status_code == 403


def test_document_of_a_cohort_replaces_none_of_another(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "other_trainer")
    other = client.post(f"{API}/cohorts/{world.other_cohort}/activities/{CODE}/documents", data=SHARED).json()
    as_(client, database, world, "trainer")
    assert codes(share(client, world, supersedes=other["id"])) == [("supersedes", "document_stale")]
    elsewhere = share(client, world, code="GEN-2.B").json()
    assert codes(share(client, world, supersedes=elsewhere["id"])) == [("supersedes", "document_stale")]


def test_file_is_checked_and_rewritten_as_that_of_a_hand_in(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "trainer")
    photo = share(client, world, ("IMG_0412.HEIC", heic()))
    assert (photo.status_code, photo.json()["file_name"]) == (201, "IMG_0412.jpg")
    before = rows(database, world)
    cases: list[tuple[tuple[str, bytes] | None, dict[str, object], str, str]] = [
        (("outil.exe", b"MZ"), {}, "file", "file_type_refused"),
        (("faux.png", PDF), {}, "file", "file_not_its_type"),
        (("gros.png", PNG + bytes(10_000_001)), {}, "file", "file_too_large"),
        (None, {"body": ""}, "body", "document_empty"),
        (None, {"link": "http://site.example"}, "link", "link_not_https"),
        (None, {"title": ""}, "title", "missing"),
    ]
    for file, fields, field, code in cases:
        refused = share(client, world, file, **fields)
        assert (refused.status_code, codes(refused)) == (422, [(field, code)]), fields
    assert [c for _, c in codes(share(client, world, code="GEN-1.A"))] == ["takes_no_documents"]
    assert share(client, world, code="GEN-9.Z").status_code == 404
    for n in range(MOST - 1):
        assert share(client, world, title=f"Règle {n}").status_code == 201
    assert [c for _, c in codes(share(client, world))] == ["documents_used"]
    last = client.get(address(world)).json()[-1]
    assert share(client, world, supersedes=last["id"]).status_code == 201, "replacing adds none"
    assert rows(database, world) == before + MOST


def test_page_shares_replaces_and_withdraws_and_the_activity_shows_it(
    client: TestClient, database: Database, world: World
) -> None:
    activity = f"/parcours/{world.enrolments['maude']}/activites/{CODE}"
    as_(client, database, world, "trainer")
    assert page(world) in client.get(activity).text
    assert "Aucun document" in client.get(page(world)).text
    refused = client.post(page(world), data={"title": "Un titre à garder", "body": "", "link": ""})
    assert (refused.status_code, "Ajoutez un texte, un lien ou un fichier" in refused.text) == (422, True)
    assert 'value="Un titre à garder"' in refused.text
    sent = client.post(page(world), data={**SHARED, "link": ""}, files={"file": ("Règles.pdf", PDF)})
    assert sent.headers["location"] == page(world)
    shown = as_(client, database, world, "maude").get(activity).text
    assert SHARED["title"] in shown
    assert "Une pratique connue" in shown
    file = re.search(r'href="(/api/v1/documents/\d+/file)"', shown)
    assert file is not None
    assert client.get(file[1]).content == PDF
    assert page(world) not in shown
    assert client.get(page(world)).status_code == 403
    as_(client, database, world, "coordinator")
    number = file[1].split("/")[4]
    renewed = client.post(page(world), data={**SHARED, "title": "Six règles", "supersedes": number})
    assert renewed.status_code == 303
    written = client.get(page(world)).text
    assert "Historique des documents" in written
    assert "Ancienne version" in written
    newest = re.search(r'action="/documents/(\d+)/retrait', written)
    assert newest is not None
    silent = client.post(f"/documents/{newest[1]}/retrait", data={"reason": ""})
    assert silent.status_code == 422
    assert client.post(f"/documents/{newest[1]}/retrait", data={"reason": "Contient un nom."}).status_code == 303
    assert "Retiré\N{NO-BREAK SPACE}: Contient un nom." in client.get(page(world)).text
    assert "Six règles" not in as_(client, database, world, "maude").get(activity).text


@pytest.mark.parametrize("code", ["GEN-1.A", "GEN-7.A", "GEN-9.Z"])
def test_activity_that_is_neither_a_workshop_nor_an_assessment_has_no_page_of_documents(
    client: TestClient, database: Database, world: World, code: str
) -> None:
    as_(client, database, world, "trainer")
    assert client.get(page(world, code)).status_code == 404


def test_archived_cohort_shows_its_documents_and_takes_none(
    client: TestClient, database: Database, world: World
) -> None:
    as_(client, database, world, "coordinator")
    assert share(client, world).status_code == 201
    set_state(database, world, CohortState.ARCHIVED)
    refused = share(client, world)
    assert (refused.status_code, refused.json()["code"]) == (409, "cohort_archived")
    shown = client.get(page(world)).text
    assert SHARED["title"] in shown
    assert "Partager un document" not in shown
