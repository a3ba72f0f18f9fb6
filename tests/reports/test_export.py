"""Exported files: their cells, no formula in any of them, the same bytes for the same report."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from typing import Any

import pytest
from openpyxl import load_workbook

from app.cohorts.enums import EnrolmentState
from app.network.enums import CertificateKind
from app.platform.documents.spreadsheets import Flavour, escape_formula
from app.reports.export.service import csv_file, file_name, xlsx_file
from app.reports.rules import by_cohort, totals
from app.reports.schemas import CertificateIssued, ProgressReport, ReportRow

PAYLOADS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=HYPERLINK(\"http://x\",\"y\")", "\t=1+1", "\r=1+1", "\n=1", " =1+1",
    "\u00a0=1+1", "\u200b=1+1", "\ufeff=1+1", "＝1+1", "＋1", "－1", "＠SUM", "=cmd|' /C calc'!A0", "  @x", "-3,5",
)  # fmt: skip
HARMLESS = ("Maude Bérubé", "Élise Lœwen-Côté", "Yves O’Brien", "a=b", "2-1", "’=x", "", "N'Diaye")


def report(*names: str) -> ProgressReport:
    issued = CertificateIssued(
        kind=CertificateKind.attestation_reussite, number="ALM-2026-0001", issued_on=date(2026, 11, 20)
    )
    rows = tuple(
        ReportRow(
            college="Collège d’Alma", cohort="GEN-ALM-1", path="Généraliste; accompagner, orienter", version="1.10",
            enrolment_id=place, name=name, state=EnrolmentState.ON_LEAVE, joined_on=date(2026, 9, 1),
            planned_minutes=3600, recognised_minutes=750, attended_minutes=90, attendance_base_minutes=100,
            attendance_pct=90, modules_done=2, modules_total=8, eligible=(CertificateKind.attestation_reussite,),
            certificates=(issued,), levels={"CN-01": 3, "CN-02": None},
        )
        for place, name in enumerate(names, 1)
    )  # fmt: skip
    return ProgressReport(
        college="Collège d’Alma", college_slug="alma", cohort="GEN-ALM-1", as_of=date(2026, 11, 22),
        competencies=("CN-01", "CN-02"), rows=rows, cohorts=by_cohort(rows), totals=totals(rows),
    )  # fmt: skip


def cells(content: bytes, sheet: str) -> list[tuple[Any, ...]]:
    return [tuple(c.value for c in row) for row in load_workbook(io.BytesIO(content))[sheet].iter_rows()]


@pytest.mark.parametrize("text", PAYLOADS)
def test_safe_prefixes_a_formula_with_an_apostrophe(text: str) -> None:
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", HARMLESS)
def test_safe_keeps_harmless_names(text: str) -> None:
    assert escape_formula(text) == text


def test_xlsx_cell_by_cell() -> None:
    content = xlsx_file(report("Élise Lœwen-Côté", "=1+1"))
    heading, first, second = cells(content, "progression")
    assert heading == (
        "Collège", "Cohorte", "Parcours", "Version du parcours", "Numéro d’inscription", "Nom", "État", "Arrivée",
        "Heures prévues", "Heures reconnues", "Assiduité (%)", "Modules terminés", "Modules du parcours",
        "Admissible à", "Documents délivrés", "CN-01 (niveau)", "CN-02 (niveau)",
    )  # fmt: skip
    assert first[:6] == (
        "Collège d’Alma", "GEN-ALM-1", "Généraliste; accompagner, orienter", "1.10", 1, "Élise Lœwen-Côté",
    )  # fmt: skip
    assert first[7:13] == (datetime(2026, 9, 1), 60, 12.5, 90, 2, 8)  # noqa: DTZ001 - a cell holds no zone
    assert first[14:] == ("ALM-2026-0001 (2026-11-20)", 3, None)
    assert second[5] == "=1+1"


def test_xlsx_has_a_dictionary_and_control_totals() -> None:
    content = xlsx_file(report("Maude", "Karim"))
    dictionary = cells(content, "dictionnaire")
    assert [row[0] for row in dictionary[1:]] == list(cells(content, "progression")[0])
    assert all(all(row) for row in dictionary)
    control = dict(cells(content, "contrôle"))
    assert control["Contrat"] == "progression_v1"
    assert (control["Nombre de lignes"], control["Minutes reconnues"], control["Heures reconnues"]) == (2, 1500, 25)


@pytest.mark.parametrize("name", PAYLOADS)
def test_xlsx_holds_no_formula_for_any_name(name: str) -> None:
    content = xlsx_file(report(name))
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = [n for n in book.namelist() if n.startswith("xl/worksheets/")]
        assert len(sheets) == 3
        assert all(b"<f>" not in book.read(n) and b"<f " not in book.read(n) for n in sheets)


def test_the_same_report_gives_the_same_bytes() -> None:
    one, other = report("Maude", "Karim"), report("Maude", "Karim")
    assert xlsx_file(one) == xlsx_file(other)
    for flavour in Flavour:
        assert csv_file(one, flavour) == csv_file(other, flavour)
    properties = load_workbook(io.BytesIO(xlsx_file(one))).properties
    assert properties.created.replace(tzinfo=UTC) == datetime(2026, 11, 22, tzinfo=UTC)


def test_csv_for_a_french_spreadsheet() -> None:
    content = csv_file(report("Élise Lœwen-Côté", "=1+1"), Flavour.EXCEL)
    assert content.startswith(b"\xef\xbb\xbf")
    assert content.endswith(b"\r\n")
    heading, first, second = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert heading[5] == "Nom"
    assert first[2:10] == [
        "Généraliste; accompagner, orienter", "1.10", "1", "Élise Lœwen-Côté", "En pause", "2026-09-01",
        "60,00", "12,50",
    ]  # fmt: skip
    assert second[5] == "'=1+1"


def test_csv_for_programs() -> None:
    content = csv_file(report("Élise Lœwen-Côté", "-3,5"), Flavour.DONNEES)
    assert not content.startswith(b"\xef\xbb\xbf")
    _, first, second = csv.reader(io.StringIO(content.decode(), newline=""), strict=True)
    assert first[6:10] == ["on_leave", "2026-09-01", "60.00", "12.50"]
    assert first[13:] == ["attestation_reussite", "ALM-2026-0001 (2026-11-20)", "3", ""]
    assert second[5] == "'-3,5"


@pytest.mark.parametrize("name", PAYLOADS + HARMLESS)
def test_csv_preserves_the_name(name: str) -> None:
    for flavour, delimiter in ((Flavour.EXCEL, ";"), (Flavour.DONNEES, ",")):
        text = csv_file(report(name), flavour).decode("utf-8-sig")
        name_cell = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))[1][5]
        assert name_cell.removeprefix("'") == name


def test_file_name() -> None:
    assert file_name(report(), ".xlsx") == "progression_v1 alma GEN-ALM-1 2026-11-22.xlsx"
    whole = report().model_copy(update={"cohort": None})
    assert file_name(whole, ".csv") == "progression_v1 alma 2026-11-22.csv"
    assert [label for label, _ in cells(xlsx_file(whole), "contrôle")][3:5] == ["Cohorte", "Date du rapport"]
