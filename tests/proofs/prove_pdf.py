"""veraPDF and outloud find every document compliant with PDF/A-3a and PDF/UA-1, and no damaged one."""

from collections.abc import Callable
from io import BytesIO
from itertools import product
from pathlib import Path

import pikepdf
import pytest

from app.attendance.sheets.layout import render_sheet
from app.certificates.documents.designs import design_version
from app.certificates.documents.layout import Draft, render_document, render_signed_document
from app.codev.own_file.layout import render_file
from app.overview.portfolio.layout import render_portfolio
from app.platform.documents.pdf import DESIGNS
from tests.factories import certificates as samples
from tests.factories.attendance import sheet_record
from tests.factories.codev_file import codev_file
from tests.factories.portfolio import portfolio
from tests.factories.test_pki import authority, signing_setting
from tests.proofs import tools
from tests.proofs.prove_badges import CREDENTIALS

FLAVOURS = ("3a", "ua1")
KEY = signing_setting(authority().signing_key("Collège"))


def _signed(draft: Draft) -> bytes:
    return render_signed_document(draft, {draft.record.college_slug: KEY})


RENDERERS: dict[str, Callable[[Draft], bytes]] = {"unsigned": render_document, "signed": _signed}
"""The ways that a document is rendered, by name."""

DESIGN_NAMES = sorted(path.parent.name for path in DESIGNS.glob("*/design.yaml"))


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Every sample in every design, signed and not."""
    folder, files = tmp_path_factory.mktemp("documents"), []
    for design in DESIGN_NAMES:
        for name, record in samples.ALL.items():
            for way, make in RENDERERS.items():
                printed = record.model_copy(update={"design": design_version(design)})
                file = folder / f"{design}-{name}-{way}.pdf"
                file.write_bytes(make(Draft(printed, credential=CREDENTIALS[name])))
                files.append(file)
    return files


def test_every_document_keeps_to_both_standards(documents: list[Path]) -> None:
    jobs = [(flavour, file) for file in documents for flavour in FLAVOURS]
    verdicts = tools.verapdf(jobs)
    assert [
        (f, file.name, verdict["failed"])
        for (f, file), verdict in zip(jobs, verdicts, strict=True)
        if _is_faulty(verdict)
    ] == []


def test_every_document_is_read_aloud_whole(documents: list[Path]) -> None:
    verdicts = tools.outloud(documents)
    failed = {f.name: set(v["failed"]) for f, v in zip(documents, verdicts, strict=True) if not v["passed"]}
    # A title holds the whole name: with the 200 letters of the longest, it is longer than outloud finds helpful.
    assert set().union(*failed.values()) <= {"DOC-040"}
    assert all("-long" in name for name in failed)


def test_every_attendance_sheet_keeps_to_both_standards_and_is_read_aloud_whole(tmp_path: Path) -> None:
    """To sign and as recorded, for nobody, on one page and on several, where the head of the table comes again."""
    sheets = []
    for people, is_called in product((0, 5, 60), (False, True)):
        sheets.append(tmp_path / f"{people}-{is_called}.pdf")
        sheets[-1].write_bytes(render_sheet(sheet_record(people, is_called=is_called)))
    verdicts = tools.verapdf([(flavour, file) for file in sheets for flavour in FLAVOURS])
    assert [verdict["failed"] for verdict in verdicts if _is_faulty(verdict)] == []
    failed = {f.name: set(v["failed"]) for f, v in zip(sheets, tools.outloud(sheets), strict=True) if not v["passed"]}
    # A table to fill in by hand has more empty cells than outloud expects of one, and the engine tags page numbers.
    assert failed == {
        "5-False.pdf": {"TBL-012"},
        "60-False.pdf": {"TBL-012", "PAG-001"},
        "60-True.pdf": {"PAG-001"},
    }


def test_every_codevelopment_file_keeps_to_both_standards_and_is_read_aloud_whole(tmp_path: Path) -> None:
    """Of nobody, on one page and on several, where the head of the table comes again."""
    files = []
    for count in (0, 3, 60):
        files.append(tmp_path / f"{count}.pdf")
        files[-1].write_bytes(render_file(codev_file(count)))
    verdicts = tools.verapdf([(flavour, file) for file in files for flavour in FLAVOURS])
    assert [verdict["failed"] for verdict in verdicts if _is_faulty(verdict)] == []
    failed = {f.name: set(v["failed"]) for f, v in zip(files, tools.outloud(files), strict=True) if not v["passed"]}
    # The engine tags page numbers; on several pages, outloud finds text within the grid that no table covers.
    assert failed == {"60.pdf": {"PAG-001", "TBL-014"}}


def test_every_portfolio_keeps_to_both_standards_and_is_read_aloud_whole(tmp_path: Path) -> None:
    """Of nobody, of one path, and of two on several pages."""
    files = []
    for count, paths in ((0, 1), (2, 1), (12, 2)):
        files.append(tmp_path / f"{count}.pdf")
        files[-1].write_bytes(render_portfolio(portfolio(count, paths)))
    verdicts = tools.verapdf([(flavour, file) for file in files for flavour in FLAVOURS])
    assert [verdict["failed"] for verdict in verdicts if _is_faulty(verdict)] == []
    failed = {f.name: set(v["failed"]) for f, v in zip(files, tools.outloud(files), strict=True) if not v["passed"]}
    assert failed == {"12.pdf": {"PAG-001"}}  # the engine tags page numbers


def _unnamed_field(file: pikepdf.Pdf) -> None:
    del file.Root.AcroForm.Fields[0].TU


def _field_outside_the_tree(file: pikepdf.Pdf) -> None:
    del file.Root.StructTreeRoot.K[0].K[-1]


@pytest.mark.parametrize("damage", [_unnamed_field, _field_outside_the_tree])
def test_signature_field_that_a_screen_reader_cannot_name_fails(
    tmp_path: Path, damage: Callable[[pikepdf.Pdf], None]
) -> None:
    damaged = tmp_path / "damaged.pdf"
    with pikepdf.open(BytesIO(_signed(Draft(samples.sample(), credential=CREDENTIALS["sample"])))) as file:
        damage(file)
        file.save(damaged)
    [verdict] = tools.outloud([damaged])
    assert not verdict["passed"]


def _is_faulty(verdict: dict[str, object]) -> bool:
    return not verdict["compliant"] or verdict["assertions"] == 0 or bool(verdict["failed"])


def _without_language(file: pikepdf.Pdf) -> None:
    del file.Root.Lang


def _without_tags(file: pikepdf.Pdf) -> None:
    del file.Root.StructTreeRoot


def _without_colours(file: pikepdf.Pdf) -> None:
    del file.Root.OutputIntents


def _without_fonts(file: pikepdf.Pdf) -> None:
    for item in file.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor":
            for name in {"/FontFile2", "/FontFile3"} & set(item.keys()):
                del item[name]


def _undeclared(file: pikepdf.Pdf) -> None:
    file.Root.Metadata.write(file.Root.Metadata.read_bytes().replace(b"pdfuaid:part>1", b"pdfuaid:part>9"))


def _unrelated(file: pikepdf.Pdf) -> None:
    del file.Root.AF


DAMAGES: dict[str, tuple[Callable[[pikepdf.Pdf], None], ...]] = {
    "3a": (_without_tags, _without_colours, _without_fonts, _unrelated),
    "ua1": (_without_language, _without_tags, _without_fonts, _undeclared),
}


def test_no_damaged_document_complies(tmp_path: Path) -> None:
    whole = tmp_path / "whole.pdf"
    whole.write_bytes(render_document(Draft(samples.sample(), credential=CREDENTIALS["sample"])))
    jobs = [(flavour, whole) for flavour in FLAVOURS]
    for flavour, damages in DAMAGES.items():
        for damage in damages:
            damaged = tmp_path / f"{flavour}{damage.__name__}.pdf"
            with pikepdf.open(whole) as file:
                damage(file)
                file.save(damaged)
            jobs.append((flavour, damaged))
    cut = tmp_path / "cut.pdf"
    cut.write_bytes(whole.read_bytes()[:2000])
    jobs += [(flavour, cut) for flavour in FLAVOURS]
    compliant_by_name = {
        file.name: verdict["compliant"] for (_, file), verdict in zip(jobs, tools.verapdf(jobs), strict=True)
    }
    assert compliant_by_name.pop("whole.pdf")
    assert [name for name, compliant in compliant_by_name.items() if compliant] == []
    assert len(compliant_by_name) == 9
