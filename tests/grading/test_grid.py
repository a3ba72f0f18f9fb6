"""A framework with a criterion × level grid: judged by its cells; what is said of each criterion is kept and shown."""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pypdf
import pytest
from fastapi.testclient import TestClient

from app.platform.database.transaction import Database
from app.platform.errors import Invalid
from tests.factories.grading import ALL_CN01, hand_in, judge, judge_command
from tests.factories.grids import grid_framework, text_of
from tests.factories.network import World, as_
from tests.factories.panels import add_trainers, open_double

SAID = "Deux termes <à revoir>."


@pytest.fixture
def grid() -> Iterator[None]:
    """Follow a framework that has a grid."""
    with grid_framework():
        yield


def form_path(world: World) -> str:
    return f"/parcours/{world.enrolments['maude']}/jugements/CN-01"


def judgements(client: TestClient, world: World) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/judgements").json()
    return found


@pytest.mark.usefixtures("grid")
def test_form_shows_the_grid_and_judges_by_its_cells(client: TestClient, database: Database, world: World) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    path = form_path(world)
    html = client.get(f"{path}?preuve={work.id}").text
    assert 'value="CN-01.C3:4"' in html
    assert text_of("CN-01.C3", 4) in html
    assert 'name="criteria_met"' not in html
    form = {
        "level": "3", "evidence": [f"hand_in:{work.id}"], "cells": ["CN-01.C1:2", "CN-01.C2:3", "CN-01.C3:3"],
        "work": str(work.id),
    }  # fmt: skip
    refused = client.post(path, data=form)
    assert refused.status_code == 422
    assert "ne l’atteint pas" in refused.text
    assert 'value="CN-01.C1:2" checked' in refused.text
    assert client.post(path, data={**form, "level": "2", "cells": [*form["cells"], "CN-01.C3:1"]}).status_code == 303
    (judgement,) = judgements(client, world)
    assert [cell["level"] for cell in judgement["criteria_levels"]] == [2, 3, 3]
    assert judgement["criteria_met"] == list(ALL_CN01)
    as_(client, database, world, "maude")
    assert text_of("CN-01.C1", 1) in client.get(path).text, "the person reads the grid"


@pytest.mark.usefixtures("grid")
@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"level": 1, "criteria_met": ALL_CN01}, "criterion_needed"),
        ({"level": 1, "criteria_levels": [{"criterion": "CN-01.C1", "level": 4}]}, "criteria_below"),
        ({"level": 4, "criteria_levels": [{"criterion": code, "level": 3} for code in ALL_CN01]}, "criteria_below"),
        (
            {"level": 2, "criteria_levels": [{"criterion": c, "level": 3} for c in ALL_CN01], "comment": None},
            "comment_needed",
        ),
    ],
)
def test_criteria_bind_at_every_level_of_a_grid(
    database: Database, world: World, given: dict[str, Any], code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        judge(database, world, judge_command(hand_in(database, world), **given))
    assert [reason.code for reason in refused.value.reasons] == [code]


def test_cells_are_refused_where_the_framework_has_no_grid(database: Database, world: World) -> None:
    cells = [{"criterion": code, "level": 3} for code in ALL_CN01]
    with pytest.raises(Invalid) as refused:
        judge(database, world, judge_command(hand_in(database, world), criteria_levels=cells))
    assert [reason.code for reason in refused.value.reasons] == ["no_grid"]


@pytest.mark.usefixtures("grid")
def test_two_people_judge_together_by_the_cells_of_a_grid(client: TestClient, database: Database, world: World) -> None:
    add_trainers(database, world, "facilitator")
    panel = open_double(database, world, hand_in(database, world), "trainer", "facilitator")
    as_(client, database, world, "trainer")
    path = f"/revisions/{panel.id}"
    assert 'value="CN-01.C2:3"' in client.get(path).text
    form = {"level": "3", "reasons": "Vu trois fois.", "cells": ["CN-01.C1:3", "CN-01.C2:3"]}
    assert "ne l’atteint pas" in client.post(f"{path}/avis", data=form).text
    cells = [*form["cells"], "CN-01.C3:4"]
    assert client.post(f"{path}/avis", data={**form, "cells": cells}).status_code == 303
    as_(client, database, world, "facilitator")
    levels = [{"criterion": code, "level": 3} for code in ALL_CN01]
    given = {"level": 3, "criteria_levels": levels, "reasons": "Vu aussi."}
    assert client.post(f"/api/v1/panels/{panel.id}/opinions", json=given).status_code == 201
    as_(client, database, world, "trainer")
    (judgement,) = judgements(client, world)
    assert [cell["level"] for cell in judgement["criteria_levels"]] == [3, 3, 4]


def test_text_on_a_criterion_is_kept_and_shown_to_the_person_and_in_the_portfolio(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    path = form_path(world)
    form = {
        "level": "2", "criteria_met": ["CN-01.C1", "CN-01.C2"], "evidence": [f"hand_in:{work.id}"],
        "criterion": list(ALL_CN01), "feedback": ["", SAID, ""],
    }  # fmt: skip
    assert client.post(path, data=form).status_code == 303
    as_(client, database, world, "maude")
    assert "Deux termes &lt;à revoir&gt;." in client.get(path).text
    (judgement,) = judgements(client, world)
    assert judgement["criteria_feedback"] == [{"criterion": "CN-01.C2", "text": SAID}]
    portfolio = f"/parcours/{world.enrolments['maude']}/portfolio"
    assert "CN-01.C2 : Deux termes &lt;à revoir&gt;." in client.get(portfolio).text.replace("\u00a0", " ")
    pdf = client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/portfolio/pdf").content
    pages = pypdf.PdfReader(BytesIO(pdf)).pages
    assert SAID in " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.usefixtures("grid")
def test_cells_and_texts_on_criteria_are_in_the_portfolio(client: TestClient, database: Database, world: World) -> None:
    given = {
        "criteria_levels": [{"criterion": code, "level": 3} for code in ALL_CN01],
        "criteria_feedback": [{"criterion": "CN-01.C3", "text": SAID}],
    }
    judge(database, world, judge_command(hand_in(database, world), level=3, **given))
    as_(client, database, world, "maude")
    shown = client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/portfolio").json()
    (judgement,) = next(c for c in shown["competencies"] if c["code"] == "CN-01")["judgements"]
    assert {name: judgement[name] for name in given} == given
    assert "CN-01.C2 au niveau 3" in client.get(f"/parcours/{world.enrolments['maude']}/portfolio").text


@pytest.mark.usefixtures("grid")
def test_draft_keeps_the_cells_and_the_texts_on_criteria(client: TestClient, database: Database, world: World) -> None:
    work = hand_in(database, world)
    as_(client, database, world, "trainer")
    path = f"/api/v1/enrolments/{world.enrolments['maude']}/judgement-drafts/CN-01?hand_in_id={work.id}"
    body = {
        "criteria_levels": [{"criterion": "CN-01.C1", "level": 2}, {"criterion": "CN-01.C3", "level": 4}],
        "criteria_feedback": [{"criterion": "CN-01.C2", "text": SAID}],
    }
    assert client.put(path, json=body, headers={"If-Match": '"0"'}).json()["version"] == 1
    read = client.get(path).json()
    assert {name: read[name] for name in body} == body
    html = client.get(f"{form_path(world)}?preuve={work.id}").text
    assert 'value="CN-01.C3:4" checked' in html
    assert "Deux termes &lt;à revoir&gt;." in html
    stale = client.put(path, json={"comment": "Autre onglet."}, headers={"If-Match": '"7"'})
    (reason,) = stale.json()["errors"]
    assert reason["params"]["cells"] == "CN-01.C1:2, CN-01.C3:4"
    assert reason["params"]["feedback.CN-01.C2"] == SAID
    saved = client.post(
        form_path(world),
        data={"then": "draft", "version": "1", "work": str(work.id), "cells": ["CN-01.C1:1", "CN-01.C1:3"],
              "criterion": ["CN-01.C1"], "feedback": ["Presque."]},
    )  # fmt: skip
    assert saved.status_code == 303
    read = client.get(path).json()
    assert read["criteria_levels"] == [{"criterion": "CN-01.C1", "level": 3}]
    assert read["criteria_feedback"] == [{"criterion": "CN-01.C1", "text": "Presque."}]


@pytest.mark.usefixtures("grid")
def test_framework_with_a_grid_is_published_with_it(client: TestClient) -> None:
    html = client.get("/referentiel/1.1").text
    assert text_of("CN-12.C1", 1) in html
    assert text_of("CN-12.C1", 1) not in client.get("/referentiel/1.0").text


@pytest.mark.usefixtures("grid")
def test_judgement_by_cells_that_is_sent_again_is_one(database: Database, world: World) -> None:
    twice = [{"criterion": code, "level": level} for code in ALL_CN01 for level in (3, 4)]
    given: dict[str, Any] = {"level": 3, "criteria_met": (), "criteria_levels": twice, "comment": "Un niveau prudent."}
    command = judge_command(hand_in(database, world), **given)
    assert judge(database, world, command).id == judge(database, world, command).id
