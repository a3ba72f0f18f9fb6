"""The judging form: drafts without JavaScript, two people or two tabs that meet, what it shows of a work."""

import re

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.curricula.library import default_library
from app.grading.rules import proposed_level
from app.platform.database.transaction import Database
from tests.factories.forms import PageForm, form_to
from tests.factories.grading import add_trainer, hand_in, judge, judge_command
from tests.factories.grids import grid_framework
from tests.factories.network import World, as_
from tests.factories.statements import recorded_statements

PDF = b"%PDF-1.7\nun rapport"
PNG = b"\x89PNG\r\n\x1a\nune image"


def path_of(world: World) -> str:
    """Return the path of the form of CN-01 of Maude."""
    return f"/parcours/{world.enrolments['maude']}/jugements/CN-01"


def opened(client: TestClient, world: World, query: str) -> PageForm:
    """Return the form, as the page of an address shows it."""
    return form_to(client.get(f"{path_of(world)}?{query}").text, path_of(world))


def filled(form: PageForm, **typed: object) -> dict[str, object]:
    """Return what a form sends once it was filled in."""
    return {**form.data(), "level": "2", "criteria_met": ["CN-01.C1", "CN-01.C2"], **typed}


def counts(database: Database) -> tuple[int, int]:
    """Return how many judgements and drafts there are."""
    with database.engine.begin() as owner:
        judgements, drafts = (
            owner.execute(text(f"select count(*) from {table}")).scalar_one()  # noqa: S608 - literals of ours
            for table in ("judgement", "judgement_draft")
        )
    return judgements, drafts


def proposed_on(page: str) -> str:
    """Return what the page says that the criteria propose."""
    [said] = re.findall(r"<p[^>]*data-proposed[^>]*>([^<]*)</p>", page)
    return str(said)


def test_page_says_which_level_the_ticked_criteria_propose_and_gives_scripts_the_same_table(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    url = f"{path_of(world)}?preuve={work.id}"
    page = client.get(url).text
    assert "Aucun niveau" in proposed_on(page)
    table = {int(met): int(level) for met, level in re.findall(r'data-met="(\d+)" data-level="(\d+)"', page)}
    competency = default_library().framework("1.0").by_code["CN-01"]
    assert table == {met: proposed_level(competency, met) for met in (1, 2, 3)}
    for met, level in table.items():
        ticked = [c.code for c in competency.criteria][:met]
        form = opened(client, world, f"preuve={work.id}")
        client.post(form.action, data={**form.data(), "criteria_met": ticked, "then": "draft"})
        assert f"niveau {level}" in proposed_on(client.get(url).text)


def test_page_of_a_grid_proposes_the_lowest_of_its_criteria_once_each_is_ticked(
    client: TestClient, database: Database, world: World
) -> None:
    with grid_framework():
        work = hand_in(database, world)
        as_(client, database, world, "trainer")
        url = f"{path_of(world)}?preuve={work.id}"
        for cells, said in (
            (["CN-01.C1:4", "CN-01.C2:2"], "Aucun niveau"),
            (["CN-01.C1:4", "CN-01.C2:2", "CN-01.C3:3"], "niveau 2"),
        ):
            form = opened(client, world, f"preuve={work.id}")
            client.post(form.action, data={**form.data(), "cells": cells, "then": "draft"})
            page = client.get(url).text
            assert said in proposed_on(page)
        assert "Maj" in page, "the keys of a grid are explained"


def test_draft_saved_by_a_button_comes_back_in_the_form(client: TestClient, database: Database, world: World) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    form = opened(client, world, f"preuve={work.id}")
    saved = client.post(form.action, data=filled(form, comment="À reprendre demain.", then="draft"))
    assert (saved.status_code, saved.headers["location"]) == (303, f"{path_of(world)}?preuve={work.id}")
    assert counts(database) == (0, 1)
    again = opened(client, world, f"preuve={work.id}").data()
    assert again["comment"] == ["À reprendre demain."]
    assert (again["level"], again["criteria_met"], again["version"]) == (["2"], ["CN-01.C1", "CN-01.C2"], ["1"])
    assert opened(client, world, "").data()["comment"] == [""], "the form of no work has its own draft"


def test_draft_without_a_level_is_saved_and_a_judgement_refused(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    form = opened(client, world, f"preuve={work.id}")
    typed = {**form.data(), "comment": "Début."}
    refused = client.post(form.action, data={**typed, "then": "stay"})
    assert refused.status_code == 422
    assert "Début." in refused.text
    assert client.post(form.action, data={**typed, "then": "draft"}).status_code == 303
    assert counts(database) == (0, 1)


def test_judgement_removes_its_draft(client: TestClient, database: Database, world: World) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    form = opened(client, world, f"preuve={work.id}")
    client.post(form.action, data=filled(form, comment="Bien.", then="draft"))
    form = opened(client, world, f"preuve={work.id}")
    assert client.post(form.action, data=filled(form, then="stay")).status_code == 303
    assert counts(database) == (1, 0)


def test_draft_is_deleted_by_a_button(client: TestClient, database: Database, world: World) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    form = opened(client, world, f"preuve={work.id}")
    assert ("then", "forget") not in form.buttons
    client.post(form.action, data=filled(form, comment="Bien.", then="draft"))
    form = opened(client, world, f"preuve={work.id}")
    assert ("then", "forget") in form.buttons
    assert client.post(form.action, data=filled(form, then="forget")).status_code == 303
    assert counts(database) == (0, 0)


@pytest.mark.parametrize("then", ["draft", "next"])
def test_of_two_tabs_the_second_keeps_its_text_beside_the_first(
    client: TestClient, database: Database, world: World, then: str
) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    query = f"preuve={work.id}"
    form = opened(client, world, query)
    client.post(form.action, data=filled(form, comment="Départ.", then="draft"))
    one, other = opened(client, world, query), opened(client, world, query)
    client.post(one.action, data=filled(one, comment="Texte du premier onglet.", then="draft"))
    met = client.post(other.action, data=filled(other, comment="Texte du second onglet.", then=then))
    assert met.status_code == 412
    assert "Texte du premier onglet." in met.text
    assert counts(database) == (0, 1)
    mine = form_to(met.text, path_of(world))
    assert mine.data()["comment"] == ["Texte du second onglet."]
    assert mine.data()["version"] == ["2"]
    assert client.post(mine.action, data=filled(mine, then=then)).status_code == 303, "once read, it may be sent"


def test_of_two_people_the_second_reads_the_judgement_before_sending_theirs(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    add_trainer(database, world, "facilitator")
    as_(client, database, world, "trainer")
    form = opened(client, world, f"preuve={work.id}")
    judge(database, world, judge_command(work, level=1, comment="Lu avant vous."), by="facilitator")
    met = client.post(form.action, data=filled(form, comment="Écrit en même temps.", then="next"))
    assert met.status_code == 412
    assert "Lu avant vous." in met.text
    assert re.search(r"<details open>\s*<summary>1 jugement antérieur", met.text)
    assert counts(database)[0] == 1
    mine = form_to(met.text, path_of(world))
    assert mine.data()["comment"] == ["Écrit en même temps."]
    assert client.post(mine.action, data=filled(mine, then="next")).status_code == 303
    assert counts(database)[0] == 2


def test_another_reader_of_a_work_is_named_and_their_draft_is_not_shown(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    add_trainer(database, world, "facilitator")
    as_(client, database, world, "trainer")
    form = opened(client, world, f"preuve={work.id}")
    client.post(form.action, data=filled(form, comment="Mots en chantier.", then="draft"))
    address = f"{path_of(world)}?preuve={work.id}"
    page = as_(client, database, world, "facilitator").get(address).text
    assert "Théo Formation lit aussi ce travail" in page
    assert "Mots en chantier." not in page
    page = as_(client, database, world, "maude").get(address).text
    assert "lit aussi" not in page
    assert "Mots en chantier." not in page


def test_works_before_and_after_are_linked(client: TestClient, database: Database, world: World) -> None:
    first = hand_in(database, world, days=3)
    second = hand_in(database, world, "karim", days=2)
    third = hand_in(database, world, "elise", days=1)
    as_(client, database, world, "trainer")
    page = client.get(f"/parcours/{world.enrolments['karim']}/jugements/CN-01?preuve={second.id}").text
    before, after = (re.findall(rf'rel="{rel}"[^>]*href="([^"]+)"', page)[0] for rel in ("prev", "next"))
    assert client.get(before.replace("&amp;", "&")).headers["location"] == f"{path_of(world)}?preuve={first.id}"
    following = f"/parcours/{world.enrolments['elise']}/jugements/CN-01?preuve={third.id}"
    assert client.get(after.replace("&amp;", "&")).headers["location"] == following
    assert client.get(f"/jugements/voisine?preuve={first.id}&avant=true").headers["location"] == "/jugements"


def send_file(client: TestClient, database: Database, world: World, name: str, content: bytes) -> int:
    """Hand in a file as Maude, and return its id."""
    sent = as_(client, database, world, "maude").post(
        f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files",
        data={"activity_code": "GEN-1.C"},
        files={"file": (name, content)},
    )
    assert sent.status_code == 201
    return int(sent.json()["id"])


@pytest.mark.parametrize(
    ("file", "tag"), [(("rapport.pdf", PDF), "iframe"), (("carte.png", PNG), "img"), (("notes.txt", b"<b>"), "")]
)
def test_pdf_and_picture_are_shown_in_the_page_and_other_files_downloaded(
    client: TestClient, database: Database, world: World, file: tuple[str, bytes], tag: str
) -> None:
    work = send_file(client, database, world, *file)
    as_(client, database, world, "trainer")
    page = client.get(f"{path_of(world)}?preuve={work}").text
    shown = re.findall(rf'<(iframe|img) class="work" src="(/api/v1/hand-ins/{work}/preview)"', page)
    assert [found for found, _ in shown] == ([tag] if tag else [])
    assert f"/api/v1/hand-ins/{work}/file" in page
    preview = client.get(f"/api/v1/hand-ins/{work}/preview")
    assert preview.status_code == (200 if tag else 404)
    if tag:
        assert preview.content == file[1]
        assert preview.headers["content-disposition"].startswith("inline;")
        assert "frame-ancestors 'self'" in preview.headers["content-security-policy"]
        assert "default-src 'none'" in preview.headers["content-security-policy"]
        assert preview.headers["x-content-type-options"] == "nosniff"


def test_html_named_as_a_pdf_is_never_shown(client: TestClient, database: Database, world: World) -> None:
    """What begins as a page is refused under the name of a PDF; under the name of a text it is downloaded."""
    disguised = as_(client, database, world, "maude").post(
        f"/api/v1/enrolments/{world.enrolments['maude']}/hand-in-files",
        data={"activity_code": "GEN-1.C"},
        files={"file": ("rapport.pdf", b"<html><script>alert(1)</script>")},
    )
    assert disguised.status_code == 422
    work = send_file(client, database, world, "page.txt", b"<html><script>alert(1)</script>")
    assert client.get(f"/api/v1/hand-ins/{work}/preview").status_code == 404
    whole = client.get(f"/api/v1/hand-ins/{work}/file")
    assert whole.headers["content-disposition"].startswith("attachment;")


@pytest.mark.parametrize(("who", "number"), [("trainer", 15), ("maude", 6)])
def test_judging_page_reads_its_enrolment_and_its_judgements_once(
    client: TestClient, database: Database, world: World, who: str, number: int
) -> None:
    work = hand_in(database, world)
    judge(database, world, judge_command(work))
    as_(client, database, world, who)
    with recorded_statements(database) as statements:
        page = client.get(f"{path_of(world)}?preuve={work.id}")
    assert page.status_code == 200
    assert [
        sum(one.startswith(f"SELECT {table}.id,") for one in statements) for table in ("enrolment", "judgement")
    ] == [1, 1]
    assert len(statements) == number, statements
