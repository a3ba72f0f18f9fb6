"""Routes of reports: the same figures in JSON, CSV and XLSX; no personal data for an observer."""

import csv
import io
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from app.accompaniment.mandates.enums import MilestoneKind
from app.cohorts.enums import EnrolmentState
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from tests.factories.grading import ALL_CN01, hand_in, judge, judge_command
from tests.factories.network import World, as_
from tests.factories.reports import add_accompanied_enterprise, add_cohort

A = EnrolmentState.ACTIVE
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def rename(database: Database, world: World, who: str, name: str) -> None:
    with database.engine.begin() as owner:
        owner.exec_driver_sql("update person set chosen_name = %s where id = %s", (name, world.people[who]))


def test_json_csv_and_xlsx_hold_the_same_values(client: TestClient, database: Database, world: World) -> None:
    rename(database, world, "karim", "=1+1")
    judge(database, world, judge_command(hand_in(database, world), level=3, criteria_met=ALL_CN01))
    as_(client, database, world, "registrar")
    path = f"/api/v1/colleges/{world.alma}/progress-report"
    document: dict[str, Any] = client.get(path).json()
    names = [row["name"] for row in document["rows"]]
    assert names == ["Maude Bérubé", "=1+1", "Élise Lœwen-Côté", "Yves O’Brien"]
    sheet = load_workbook(io.BytesIO(client.get(f"{path}.xlsx").content))["progression"]
    assert [row[5].value for row in sheet.iter_rows(min_row=2)] == names
    assert {row[5].data_type for row in sheet.iter_rows(min_row=2)} == {"s"}
    text = client.get(f"{path}.csv?format=donnees").content.decode()
    lines = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [line["Nom"].removeprefix("'") for line in lines] == names
    assert sum(float(line["Heures prévues"]) for line in lines) * 60 == document["totals"]["planned_minutes"]
    assert lines[0]["CN-01 (niveau)"] == "3"


def test_downloads_carry_their_name_and_type(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "trainer")
    path = f"/api/v1/cohorts/{world.cohort}/progress-report"
    book, sheet = client.get(f"{path}.xlsx"), client.get(f"{path}.csv")
    assert book.headers["content-type"] == XLSX
    assert f"progression_v1%20alma%20GEN-ALM-1%20{today()}.xlsx" in book.headers["content-disposition"]
    assert sheet.headers["content-type"] == "text/csv; charset=utf-8"
    assert sheet.headers["content-disposition"].startswith("attachment;")
    assert sheet.content.startswith(b"\xef\xbb\xbf")
    assert client.get(f"{path}.xlsx").content == book.content
    assert client.get(f"{path}.csv?format=pdf").status_code == 422


@pytest.mark.parametrize("suffix", ["", ".csv", ".xlsx"])
def test_report_out_of_reach_answers_as_missing(
    client: TestClient, database: Database, world: World, suffix: str
) -> None:
    for who, kind, hidden_id in (
        ("other_trainer", "cohorts", world.cohort),
        ("other_registrar", "colleges", world.alma),
    ):
        as_(client, database, world, who)
        hidden = client.get(f"/api/v1/{kind}/{hidden_id}/progress-report{suffix}")
        missing = client.get(f"/api/v1/{kind}/999999/progress-report{suffix}")
        assert (hidden.status_code, hidden.content) == (404, missing.content)
    for who in ("maude", "observer"):
        as_(client, database, world, who)
        assert client.get(f"/api/v1/cohorts/{world.cohort}/progress-report{suffix}").status_code == 403


def test_an_observers_answer_holds_no_name(client: TestClient, database: Database, world: World) -> None:
    add_cohort(database, world, "08", *[A] * 9)
    for place in range(6):
        add_accompanied_enterprise(database, world, f"Scierie {place}", milestones=tuple(MilestoneKind))
    as_(client, database, world, "observer")
    answer = client.get(f"/api/v1/projects/{world.project}/indicators")
    assert answer.status_code == 200
    assert answer.json()["total"]["enrolled"] == 14
    page = client.get("/indicateurs")
    assert page.status_code == 200
    with database.engine.begin() as owner:
        people = owner.exec_driver_sql("select legal_first_name, legal_last_name from person where id <> 2").all()
    for body in (answer.text, page.text):
        assert not [f"{first} {last}" for first, last in people if last in body or f"{first} " in body]
        assert "Scierie" not in body
    assert client.get("/api/v1/projects/999/indicators").status_code == 404
    assert as_(client, database, world, "coordinator").get("/indicateurs").status_code == 403
