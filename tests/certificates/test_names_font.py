"""Names of the First Peoples on a document: every letter and accent, in one font, embedded."""

import io

import pikepdf
import pytest

from app.certificates.documents.designs import design_folder, design_version
from app.certificates.documents.layout import Draft, render_document
from app.platform.documents.pdf import check_fonts, in_names_font, missing_glyphs, unprintable
from app.platform.documents.text_width import width
from tests.certificates.test_pdf import text_of, without_spaces
from tests.factories import certificates as samples

NAMES = {
    "Kanien’kéha": "Karonhiahkwe\ua789ha Teiohá\ua789te",
    "Wendat": "Ȣendat Ȣndia\u02bctindoɂ",
    "Dene": "Tł\u0131\u0328chǫ\u0301 Dzą\u0301h K\u02bcą\u0301ts\u02bcetą\u0300",
    "Salish": "X\u0331w\u0313\u0259lmux\u02b7 \u0294uhlmeyt\u0259n",
    "Innu": "Meshtuʷ Uapush Kuᵉ",
    "cri": "ᐄᔨᔨᐤ ᐊᔨᒨᓐ",
    "inuktitut": "ᐃᓄᒃᑎᑐᑦ ᐊᖓᔪᖅ ᖠᓯᒪᔪᖅ",
    "inuttitut du Labrador": "ĸaumâluk",
    "naskapi": "ᓇᔅᑲᐱ ᐃᔪᐤ",
}
WHOLE = ("Kanien’kéha", "Wendat", "Dene", "Salish")
"""Those that are drawn whole in the font for names."""


def fonts_of_file(content: bytes) -> dict[str, bool]:
    """Return the fonts of a document, each with whether its glyphs are embedded."""
    with pikepdf.open(io.BytesIO(content)) as file:
        found = {}
        for font in file.pages[0].Resources.Font.values():
            descriptor = font.DescendantFonts[0].FontDescriptor
            found[str(font.BaseFont)] = any(f"/FontFile{n}" in descriptor for n in ("", "2", "3"))
        return found


@pytest.mark.parametrize("design", ["escouade", "meridien"])
@pytest.mark.parametrize("people", NAMES)
def test_name_of_each_people_is_printed_whole(people: str, design: str) -> None:
    """A document drawn: only it shows which fonts its letters come from."""
    name, folder = NAMES[people], design_folder(design)
    assert missing_glyphs(folder, name) == set()
    assert in_names_font(folder, name) == (people in WHOLE)
    content = render_document(Draft(samples.sample(design=design_version(design), holder=name)))
    assert without_spaces(name) in without_spaces(text_of(content))
    fonts = fonts_of_file(content)
    assert all(fonts.values())
    assert any("Escouade-Names" in font for font in fonts) == (people in WHOLE), fonts


@pytest.mark.parametrize("name", ["Maude Bérubé", "Élise Lœwen-Côté", "Nguyễn Văn An", "Łukasz Wójcik", "O’Neil"])
def test_other_names_keep_their_font_and_width(name: str) -> None:
    folder = design_folder("escouade")
    assert not in_names_font(folder, name)
    assert width(folder, "source-serif-4-600", name + "\ua789") > width(folder, "source-serif-4-600", name)


def test_designs_have_the_letters_of_every_people() -> None:
    assert check_fonts() == []


@pytest.mark.parametrize(("text", "expected"), [("Bérubé 李", "李"), ("محمد", "محد"), ("Ия", "Ия"), ("Ȣendat", "")])
def test_letters_that_no_design_prints_are_named(text: str, expected: str) -> None:
    assert unprintable(text) == set(expected)
