"""Every document is PDF/A-3a and PDF/UA-1: veraPDF says so, and says no of a damaged one."""

from collections.abc import Callable
from pathlib import Path

import pikepdf

from app.certificates.documents.layout import Draft, design_version, document, signed
from app.platform.documents.pdf import DESIGNS
from tests.factories import certificates as samples
from tests.factories.test_pki import authority, opened
from tests.proofs import tools
from tests.proofs.prove_badges import CREDENTIALS

FLAVOURS = ("3a", "ua1")
KEY = opened(authority().signing_key("Collège"))


def _signed(draft: Draft) -> bytes:
    return signed(draft, {draft.record.college_slug: KEY})


MADE: dict[str, Callable[[Draft], bytes]] = {"unsigned": document, "signed": _signed}
"""Each way a document leaves the service."""

DESIGNED = sorted(path.parent.name for path in DESIGNS.glob("*/design.yaml"))


def test_every_document_keeps_to_both_standards(tmp_path: Path) -> None:
    files = []
    for design in DESIGNED:
        for name, record in samples.ALL.items():
            for way, make in MADE.items():
                printed = record.model_copy(update={"design": design_version(design)})
                file = tmp_path / f"{design}-{name}-{way}.pdf"
                file.write_bytes(make(Draft(printed, credential=CREDENTIALS[name])))
                files.append(file)
    asked = [(flavour, file) for file in files for flavour in FLAVOURS]
    found = tools.verapdf(asked)
    assert [(f, file.name, said["failed"]) for (f, file), said in zip(asked, found, strict=True) if _wrong(said)] == []


def _wrong(said: dict[str, object]) -> bool:
    return not said["compliant"] or said["assertions"] == 0 or bool(said["failed"])


def _without_language(file: pikepdf.Pdf) -> None:
    del file.Root.Lang


def _without_tags(file: pikepdf.Pdf) -> None:
    del file.Root.StructTreeRoot


def _without_colours(file: pikepdf.Pdf) -> None:
    del file.Root.OutputIntents


def _without_fonts(file: pikepdf.Pdf) -> None:
    for found in file.objects:
        if isinstance(found, pikepdf.Dictionary) and found.get("/Type") == "/FontDescriptor":
            for name in {"/FontFile2", "/FontFile3"} & set(found.keys()):
                del found[name]


def _undeclared(file: pikepdf.Pdf) -> None:
    file.Root.Metadata.write(file.Root.Metadata.read_bytes().replace(b"pdfuaid:part>1", b"pdfuaid:part>9"))


def _unrelated(file: pikepdf.Pdf) -> None:
    del file.Root.AF


DAMAGES: dict[str, tuple[Callable[[pikepdf.Pdf], None], ...]] = {
    "3a": (_without_tags, _without_colours, _without_fonts, _unrelated),
    "ua1": (_without_language, _without_tags, _without_fonts, _undeclared),
}


def test_no_damaged_document_does(tmp_path: Path) -> None:
    whole = tmp_path / "whole.pdf"
    whole.write_bytes(document(Draft(samples.sample(), credential=CREDENTIALS["sample"])))
    asked = [(flavour, whole) for flavour in FLAVOURS]
    for flavour, damages in DAMAGES.items():
        for damage in damages:
            damaged = tmp_path / f"{flavour}{damage.__name__}.pdf"
            with pikepdf.open(whole) as file:
                damage(file)
                file.save(damaged)
            asked.append((flavour, damaged))
    cut = tmp_path / "cut.pdf"
    cut.write_bytes(whole.read_bytes()[:2000])
    asked += [(flavour, cut) for flavour in FLAVOURS]
    found = {file.name: said["compliant"] for (_, file), said in zip(asked, tools.verapdf(asked), strict=True)}
    assert found.pop("whole.pdf")
    assert [name for name, compliant in found.items() if compliant] == []
    assert len(found) == 9
