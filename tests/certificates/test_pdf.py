"""The document: one complete page, tagged, in French, fonts embedded, and nothing fetched from outside the design."""

import io
import subprocess
import sys
import textwrap
from itertools import product
from pathlib import Path

import pikepdf
import pypdf
import pytest

from app.certificates.documents.designs import DEFAULT, design_folder, design_version
from app.certificates.documents.layout import Draft, build_page, render_document
from app.certificates.schemas import CertificateRecord
from app.platform.documents import pdf
from app.platform.documents.pdf import (
    DESIGNS,
    Page,
    PdfOverflow,
    check_engine,
    check_fonts,
    fonts_of,
    missing_glyphs,
    read_allowed,
    write,
)
from app.platform.errors import Reason
from tests.factories import certificates as samples

DESIGN = design_folder(DEFAULT)


def document(record: CertificateRecord) -> bytes:
    """Return the document of a record without pictures."""
    return render_document(Draft(record))


@pytest.fixture(scope="module", params=product(("escouade", "meridien"), samples.ALL), ids="-".join)
def printed(request: pytest.FixtureRequest) -> tuple[CertificateRecord, bytes]:
    """Each sample record with its document, in each design."""
    design, name = request.param
    record = samples.ALL[name].model_copy(update={"design": design_version(design)})
    return record, document(record)


def text_of(content: bytes) -> str:
    """Return the text in reading order, each run of spaces as one space."""
    [page] = pypdf.PdfReader(io.BytesIO(content)).pages
    return " ".join(page.extract_text().split())


def without_spaces(text: str) -> str:
    """Return a text without spaces, as lines may break anywhere."""
    return "".join(text.split()).replace("'", "’")


def test_engine_and_fonts_are_installed() -> None:
    """These tests are not skipped where Pango is missing: the machine must have it."""
    assert [r for r in check_engine() if r.code == "pdf_engine_missing"] == []
    assert check_fonts() == []


def test_whole_record_is_on_one_page(printed: tuple[CertificateRecord, bytes]) -> None:
    record, content = printed
    printed_content = without_spaces(text_of(content))
    texts = [
        record.college_name, record.holder, record.path_title, record.object, record.place, record.number,
        record.city, record.verify_url, *(c.title for c in record.competencies), *(s.name for s in record.signatories),
        *(s.title for s in record.signatories),
    ]  # fmt: skip
    for text in texts:
        assert without_spaces(text) in printed_content, text
    for line in record.competencies:
        assert printed_content.count(without_spaces(line.code)) == 1
    assert printed_content.count(without_spaces(record.signatories[0].title)) == sum(
        s.title == record.signatories[0].title for s in record.signatories
    )


def test_page_is_letter_size_in_landscape(printed: tuple[CertificateRecord, bytes]) -> None:
    [page] = pypdf.PdfReader(io.BytesIO(printed[1])).pages
    assert [round(float(v)) for v in page.mediabox] == [0, 0, 792, 612]


def test_document_is_tagged_in_french_with_a_title(printed: tuple[CertificateRecord, bytes]) -> None:
    record, content = printed
    with pikepdf.open(io.BytesIO(content)) as file:
        assert str(file.Root.Lang) == "fr-CA"
        assert file.Root.MarkInfo.Marked
        assert file.Root.ViewerPreferences.DisplayDocTitle
        assert file.open_metadata()["pdfuaid:part"] == "1"
        assert record.holder in str(file.docinfo["/Title"])
        tags = [str(e.S) for e in structure_elements(file.Root.StructTreeRoot.K)]
        figures = [e for e in structure_elements(file.Root.StructTreeRoot.K) if str(e.S) == "/Figure"]
    assert tags.count("/H1") == 1
    assert tags.count("/Link") == 1
    assert tags.count("/Table") == len(record.competencies) // 7 + bool(record.competencies)
    assert [bool(str(f.Alt)) for f in figures] == [True]


def structure_elements(kids: pikepdf.Object) -> list[pikepdf.Dictionary]:
    """Return all structure elements below."""
    elements: list[pikepdf.Dictionary] = []
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            elements.append(kid)
            elements += structure_elements(kid.get("/K", pikepdf.Array()))
    return elements


def test_all_fonts_are_embedded_and_from_the_design(printed: tuple[CertificateRecord, bytes]) -> None:
    with pikepdf.open(io.BytesIO(printed[1])) as file:
        fonts = [o for o in file.objects if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"]
        names = [str(f.FontName).split("+")[1] for f in fonts]
        assert all("/FontFile2" in f or "/FontFile3" in f for f in fonts)
    assert names
    assert len(set(names)) == len(names), "two files under one name: glyphs of one would be drawn with the other"
    assert all(name.startswith("Escouade-") for name in names), names


def test_foreign_letters_use_the_font_that_has_them() -> None:
    """The glyphs drawn are those of the letters: a wrong font file gives other outlines, not other text."""
    with pikepdf.open(io.BytesIO(document(samples.FROM_EVERYWHERE))) as file:
        names = {
            str(o.FontName).split("+")[1]
            for o in file.objects
            if isinstance(o, pikepdf.Dictionary) and o.get("/Type") == "/FontDescriptor"
        }
    assert {"Escouade-Serif-Vietnamese-Semi-Bold", "Escouade-Serif-Extended-Semi-Bold"} <= names
    assert {"Escouade-Sans-Extended", "Escouade-Syllabics"} <= names


def test_rendering_logs_no_warning(caplog: pytest.LogCaptureFixture) -> None:
    pdf.clear_style_cache()
    with caplog.at_level("WARNING", "weasyprint"):
        document(samples.LONGEST)
    assert [r.getMessage() for r in caplog.records] == []


def test_the_same_record_gives_the_same_bytes() -> None:
    assert document(samples.sample()) == document(samples.sample())


def test_another_process_gives_the_same_bytes() -> None:
    code = """
        import hashlib
        from app.certificates.documents.layout import Draft, render_document
        from tests.factories import certificates as samples
        print(hashlib.sha256(render_document(Draft(samples.sample()))).hexdigest())
    """
    again = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    import hashlib  # noqa: PLC0415

    assert again.stdout.strip() == hashlib.sha256(document(samples.sample())).hexdigest()


def test_another_record_gives_another_identifier() -> None:
    assert (
        build_page(Draft(samples.sample())).identifier
        != build_page(Draft(samples.sample(number="PIE-2026-0002"))).identifier
    )


def test_a_participation_cannot_be_taken_for_a_diploma() -> None:
    text = text_of(document(samples.PARTICIPATION))
    assert "Attestation de participation" in text
    assert "n’est pas un diplôme" in text
    assert "Niveau" not in text
    assert "UEC" not in text


def test_units_show_where_they_are_granted() -> None:
    assert "20,8 UEC" in text_of(document(samples.sample(ceu="20.8")))


def test_names_are_text_not_markup() -> None:
    text = text_of(document(samples.sample(holder="<b>{{7*7}}</b> ${1} {% x %}")))
    assert "<b>{{7*7}}</b> ${1} {% x %}" in text


def test_document_is_french_in_any_reader_language() -> None:
    from app.platform.messages.i18n import language  # noqa: PLC0415

    token = language.set("en")
    try:
        assert document(samples.sample()) == document(samples.sample())
        assert "22 novembre 2026" in text_of(document(samples.sample()))
    finally:
        language.reset(token)


# The engine --------------------------------------------------------------------------------------

HEAD = '<!doctype html><html lang="fr-CA"><head><title>x</title></head><body>'
SECRET = "root:x:0:0"
OUTSIDE = [
    '<img src="file:///etc/passwd" alt="x">',
    '<img src="http://127.0.0.1:9/x.png" alt="x">',
    '<img src="http://169.254.169.254/latest/" alt="x">',
    '<img src="//[::1]/x.svg" alt="x">',
    '<img src="ftp://127.0.0.1/x.png" alt="x">',
    '<img src="../escouade/../../pyproject.toml" alt="x">',
    '<img src="../../app/static/logo.svg" alt="x">',
    '<img src="%2e%2e/%2e%2e/app/static/logo.svg" alt="x">',
    '<img src="data:text/html,<h1>x</h1>" alt="x">',
    '<img src="data:image/svg+xml,<svg/>" alt="x">',
    '<img src="style.css?x=1" alt="x">',
    '<img src="design.yaml" alt="x">',
    '<object data="file:///etc/passwd">x</object>',
    '<link rel="stylesheet" href="file:///etc/passwd">',
    '<link rel="attachment" href="file:///etc/passwd">',
    "<style>@import url(http://127.0.0.1:9/x.css);</style>",
    "<style>@font-face { font-family: x; src: url(file:///etc/passwd) }</style><p style='font-family: x'>x</p>",
    "<p style=\"background: url('file:///etc/passwd')\">x</p>",
    '<ol style="list-style-image: url(http://127.0.0.1:9/x.png)"><li>x</li></ol>',
    '<base href="file:///etc/"><img src="passwd" alt="x">',
]


@pytest.mark.parametrize("body", OUTSIDE)
def test_nothing_is_read_outside_the_design(body: str) -> None:
    with pytest.raises(PermissionError):
        list(write([Page(HEAD + body)], DESIGN))


@pytest.mark.parametrize("reference", ["file:///etc/passwd", "http://127.0.0.1:9/x.png", "data:image/png;base64,AAAA"])
def test_svg_cannot_fetch_anything(reference: str) -> None:
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9">'
        f'<image width="9" height="9" xlink:href="{reference}"/></svg>'
    )
    with pytest.raises(PermissionError):
        list(write([Page(HEAD + '<img src="x.svg" alt="x">', {"x.svg": drawing.encode()})], DESIGN))


def test_files_of_a_page_are_served_to_that_page_only() -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9"/></svg>'
    html = HEAD + '<img src="x.svg" alt="x">'
    assert next(write([Page(html, {"x.svg": drawing})], DESIGN)).startswith(b"%PDF-")
    with pytest.raises(PermissionError):
        list(write([Page(html)], DESIGN))


def test_the_designs_own_files_are_served() -> None:
    assert read_allowed(pdf.BASE + "rosette.svg", DESIGN, {})[1] == "image/svg+xml"
    assert read_allowed(pdf.BASE + "qr.png", DESIGN, {"qr.png": b"x"}) == (b"x", "image/png")


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "x.svg").symlink_to("/etc/passwd")
    with pytest.raises(PermissionError):
        read_allowed(pdf.BASE + "x.svg", tmp_path, {})


def test_what_overflows_is_refused() -> None:
    with pytest.raises(PdfOverflow) as refusal:
        list(write([Page(HEAD + "<p>x</p>" * 200)], DESIGN))
    assert refusal.value.params["expected"] == 1


def test_a_text_too_long_for_its_page_is_refused_not_cut() -> None:
    with pytest.raises(PdfOverflow):
        document(samples.LONGEST.model_copy(update={"object": "Accompagner des entreprises. " * 300}))


@pytest.mark.parametrize(
    ("missing", "code", "package"),
    [
        ("pango", "pdf_engine_missing", "libpangoft2-1.0-0"),
        ("harfbuzz-subset", "pdf_subset_missing", "libharfbuzz-subset0"),
    ],
)
def test_a_library_that_the_system_lacks_is_named(missing: str, code: str, package: str) -> None:
    """In a process whose loader does not find it, the service imports and names the package to install."""
    script = f"""
        import cffi
        load = cffi.FFI.dlopen
        def without(self, name, *rest):
            if {missing!r} in name:
                raise OSError(name)
            return load(self, name, *rest)
        cffi.FFI.dlopen = without
        import sys
        sys.platform = "linux"
        from pathlib import Path
        from app.platform.documents.pdf import DESIGNS, Page, PdfUnavailable, check_engine, write
        [reason] = check_engine()
        print(reason.code, reason.params["package"])
        try:
            [content] = write([Page({HEAD!r})], DESIGNS / "escouade")
            print("written", content[:5].decode())
        except PdfUnavailable as refusal:
            print(int(refusal.status), refusal.code, refusal.params["package"])
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first == f"{code} {package}"
    assert second == ("503 pdf_engine libpangoft2-1.0-0" if missing == "pango" else "written %PDF-")


# Fonts and design --------------------------------------------------------------------------------


def test_fonts_have_the_glyphs_of_all_samples() -> None:
    for record in samples.ALL.values():
        assert missing_glyphs(DESIGN, record.printed_text) == set()


def test_missing_glyphs_are_reported() -> None:
    assert missing_glyphs(DESIGN, "Zoe\u0301 محمد 李") == set("محد李")


def test_glyph_missing_from_one_weight_is_reported(tmp_path: Path) -> None:
    """A glyph counts only when every weight has it: a bold without accents would be replaced silently."""
    from fontTools import subset  # noqa: PLC0415

    fonts = tmp_path / "poor" / "fonts"
    fonts.mkdir(parents=True)
    (tmp_path / "poor" / "design.yaml").write_text('version: "1"\n', encoding="utf-8")
    for weight, letters in ((400, "aé"), (600, "a")):
        source = fonts_of(DESIGN) / f"source-sans-3-latin-{weight}-normal.woff2"
        subset.main([str(source), f"--text={letters}", "--flavor=woff2", f"--output-file={fonts / source.name}"])
    assert missing_glyphs(tmp_path / "poor", "aé") == {"é"}
    [reason] = check_fonts(tmp_path)
    assert isinstance(reason, Reason)
    assert reason.params["design"] == "poor"


def test_each_font_comes_with_its_licence() -> None:
    licences = " ".join(p.read_text(encoding="utf-8") for p in fonts_of(DESIGN).rglob("LICENSE-*.txt"))
    assert licences.count("SIL OPEN FONT LICENSE Version 1.1") == 4


def test_each_design_has_a_version_and_a_sample() -> None:
    assert design_version() == "escouade/1.1"
    for declared in DESIGNS.glob("*/design.yaml"):
        record = CertificateRecord.model_validate_json((declared.parent / "sample.json").read_text(encoding="utf-8"))
        assert design_folder(record.design) == declared.parent
