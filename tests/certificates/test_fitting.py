"""Texts on a document: measured, made smaller step by step, refused before issue when no size fits, checked at last."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.certificates.documents import fitting, layout, rules
from app.certificates.documents.designs import design_declaration, design_folder, design_version
from app.certificates.documents.layout import Draft, build_page, refuse_overflow, render_document
from app.certificates.schemas import CertificateRecord, PrintedSignatory
from app.people.models import Person
from app.platform.database.transaction import Database
from app.platform.documents import pdf
from app.platform.documents.pdf import DESIGNS, PdfTextOverflow
from app.platform.documents.text_boxes import ASCENT, DESCENT, TextBox, _text_boxes, misplaced_text
from app.platform.documents.text_width import widest_word, width
from app.platform.errors import Conflict
from tests.certificates.test_issue import issue
from tests.factories import certificates as samples
from tests.factories import eligible
from tests.factories.network import World, count

DESIGN_NAMES = sorted(path.parent.name for path in DESIGNS.glob("*/design.yaml"))
POINT = 0.75
"""Points in a pixel of the engine."""


@pytest.fixture(params=DESIGN_NAMES)
def design(request: pytest.FixtureRequest) -> str:
    return design_version(request.param)


def texts(record: CertificateRecord) -> Iterator[TextBox]:
    """Yield the texts of a record's document, laid out and not checked."""
    page, folder = build_page(Draft(record)), design_folder(record.design)
    from weasyprint import HTML  # noqa: PLC0415

    fonts, style = pdf._style(folder)
    html = HTML(string=page.html, base_url=pdf.BASE, url_fetcher=pdf.design_files(folder, page.files))
    [laid_out] = html.render(font_config=fonts, stylesheets=[style], cache={}).pages
    yield from _text_boxes(laid_out._page_box)


def codes(record: CertificateRecord) -> dict[str, str]:
    """Return the fields that forbid issuing a record, each with the code of its reason."""
    reasons = fitting.refuse_unfitting(record) or refuse_overflow(record)
    return {str(reason.field): reason.code for reason in reasons}


# The frames that a design declares are those of its style ------------------------------------------

FIELDS = {"college": "college_name", "name": "holder", "title": "path_title", "object": "object", "place": "place"}
LIMITS = {
    "college": rules.TITLE_LIMITS, "name": rules.NAME_LIMITS, "title": rules.TITLE_LIMITS,
    "object": rules.PROSE_LIMITS, "place": rules.PLACE_LIMITS,
}  # fmt: skip


def declared(record: CertificateRecord, frame: str, size: int) -> tuple[float, float]:
    """Return the width and the font size in points that a design declares."""
    values: dict[str, Any] = design_declaration(design_folder(record.design))["frames"][frame]
    return values["width"], values.get(rules.density(record), values["sizes"])[size]


def laid_out(record: CertificateRecord) -> dict[str, tuple[float, float]]:
    """Return the width of the frame and the font size in points of each text that begins with its frame's name."""
    found = {}
    for box in texts(record):
        word = box.text.split()[0].removeprefix("Objet")
        if word in {*FIELDS, "competency", "signatory"}:
            size = (box.bottom - box.top) / (ASCENT + DESCENT)
            found[word] = ((box.frame_right - box.frame_left) * POINT, size * POINT)
    return found


def text_of(frame: str, length: int) -> str:
    """Return a text of some length in short words, that begin with the frame's name on every line."""
    return (f"{frame} " * 300)[: length - 1] + "."


@pytest.mark.parametrize("size", range(5))
@pytest.mark.parametrize("sample", [samples.PARTICIPATION, samples.sample()], ids=["airy", "normal"])
def test_frames_are_declared_as_the_style_lays_them_out(design: str, sample: CertificateRecord, size: int) -> None:
    for frame, field in FIELDS.items():
        length = (*LIMITS[frame], LIMITS[frame][-1] + 20)[size]
        record = sample.model_copy(update={"design": design, field: text_of(frame, length)})
        (room, points), (declared_room, declared_points) = laid_out(record)[frame], declared(record, frame, size)
        assert points == pytest.approx(declared_points, abs=0.1), frame
        assert declared_room == pytest.approx(room, abs=0.1) or (frame == "object" and declared_room < room), frame


@pytest.mark.parametrize("signatories", [1, 4])
@pytest.mark.parametrize(("size", "length"), [(0, 40), (3, 150), (4, 200)])
def test_signatory_frame_is_declared_as_the_style_lays_it_out(
    design: str, signatories: int, size: int, length: int
) -> None:
    one = PrintedSignatory(name="signatory", title=("Directrice " * 20)[: length - 9])
    record = samples.sample(design=design, signatories=[one] * signatories)
    frame = "signatory_of_four" if signatories == 4 else "signatory"
    assert laid_out(record)["signatory"] == pytest.approx(declared(record, frame, size), abs=0.1)


@pytest.mark.parametrize(("sample", "words"), [(samples.sample(), 1), (samples.LONGEST, 8)], ids=["normal", "dense"])
def test_competency_frame_is_declared_as_the_style_lays_it_out(
    design: str, sample: CertificateRecord, words: int
) -> None:
    competencies = samples.competencies("competency " * words, count=12)
    record = sample.model_copy(update={"design": design, "competencies": competencies})
    (room, points), (declared_room, declared_points) = laid_out(record)["competency"], declared(record, "competency", 0)
    assert points == pytest.approx(declared_points, abs=0.1)
    assert declared_room <= room + 0.1


# Widths ------------------------------------------------------------------------------------------


def test_width_is_never_less_than_laid_out(design: str) -> None:
    folder = design_folder(design)
    face = design_declaration(folder)["frames"]["name"]["face"]
    for holder in ("Élise Gagné-Desrochers", "WAVE TAVAKOLI", "Nguyễn Thị Hồng-Ánh", "ᐱᐊᓯ ᓄᓇᒃ", "iiiillll", "fifl ffi"):
        record = samples.sample(design=design, holder=holder)
        [box] = [box for box in texts(record) if box.text == holder]
        size = (box.bottom - box.top) / (ASCENT + DESCENT)
        measured = width(folder, face, holder) * size
        assert box.right - box.left <= measured + 0.5
        assert measured <= (box.right - box.left) * 1.1


def test_widest_word_ends_at_spaces_and_hyphens_but_not_at_a_no_break_space(design: str) -> None:
    folder, face = design_folder(design), "source-sans-3-400"
    assert widest_word(folder, face, "Tremblay-Gagné") == width(folder, face, "Tremblay-")
    assert widest_word(folder, face, "Anne Roy") == width(folder, face, "Anne")
    assert widest_word(folder, face, "Anne\u00a0Roy") == width(folder, face, "Anne\u00a0Roy")
    assert widest_word(folder, face, "") == 0


# Steps down, and refusals ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holder", "fits"),
    [
        ("W" * 26, True),
        ("Marie " + "W" * 33, True),
        ("Konstantinopolitanischewerdender Übergang", True),
        ("Tharmalingam-Balasubramaniamsivaprakasapillai", True),
        ("W" * 60, False),
        ("\u00a0".join(["Wilhelmine"] * 12), False),
    ],
)
def test_wide_name_takes_a_smaller_size_or_is_refused_by_name(design: str, holder: str, fits: bool) -> None:
    record = samples.sample(design=design, holder=holder)
    if fits:
        assert codes(record) == {}
        assert render_document(Draft(record))
    else:
        assert codes(record) == {"holder": "certificate_text_too_wide"}


@pytest.mark.parametrize("field", ["college_name", "path_title", "object", "place", "city"])
def test_wide_word_in_any_text_is_refused_with_its_field(design: str, field: str) -> None:
    record = samples.sample(design=design, **{field: "W" * 170})
    assert codes(record) == {field: "certificate_text_too_wide"}
    assert fitting.refuse_unfitting(record)[0].params["text"] == "W" * 170


def test_wide_word_of_a_signatory_or_a_competency_is_refused(design: str) -> None:
    wide = PrintedSignatory(name="W" * 40, title="Directrice")
    assert codes(samples.sample(design=design, signatories=[wide])) == {"signatories": "certificate_text_too_wide"}
    competencies = samples.competencies("W" * 60, count=3)
    assert codes(samples.sample(design=design, competencies=competencies)) == {
        "competencies": "certificate_text_too_wide"
    }


def test_long_address_of_verification_breaks_within_its_cell(design: str) -> None:
    for site in ("https://formationcontinuedupiekouagamietdelabasserive.example.org", f"https://{'a' * 60}.example"):
        assert render_document(Draft(samples.sample(design=design, verify_url=f"{site}/v/{'0' * 32}")))


def test_texts_too_long_together_are_refused_with_their_fields(design: str) -> None:
    wide = {"holder": "WWWWWWWW " * 22, "path_title": "MMMMMMMM " * 22, "object": "WWWWWWWW " * 110}
    record = samples.LONGEST.model_copy(update=wide | {"design": design})
    refused = codes(record)
    assert set(refused.values()) == {"certificate_texts_too_long"}
    assert codes(samples.LONGEST.model_copy(update={"design": design})) == {}


LETTERS = st.sampled_from("WMimlÉœ@'’-.1 \u00a0ộᑰ")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.tuples(*(st.text(LETTERS, min_size=1, max_size=n) for n in (160, 160, 80, 120))), airy=st.booleans())
@example(typed=("W" * 29, "W" * 16, "W" * 15, "W" * 33), airy=False)
def test_document_that_is_not_refused_has_every_text_in_place(
    design: str, typed: tuple[str, str, str, str], airy: bool
) -> None:
    base = samples.PARTICIPATION if airy else samples.sample()
    holder, place, title, college = typed
    signatories = (PrintedSignatory(name=title, title=title),)
    changes = {"holder": holder, "place": place, "college_name": college, "signatories": signatories, "design": design}
    record = base.model_copy(update=changes)
    if not codes(record):
        assert render_document(Draft(record))


# The check of a laid-out page ----------------------------------------------------------------------


def test_text_out_of_its_frame_is_found_once_laid_out(design: str, monkeypatch: pytest.MonkeyPatch) -> None:
    record = samples.sample(design=design, holder="W" * 26)
    monkeypatch.setattr(layout, "size_classes", lambda r: fitting.size_classes(r) | {"name": "display"})
    with pytest.raises(PdfTextOverflow) as refusal:
        render_document(Draft(record))
    assert refusal.value.params == {"text": "W" * 26}


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("<p style='width: 30pt'>immense</p>", "immense"),
        ("<p style='width: 30pt; direction: rtl'>immense</p>", "immense"),
        ("<p style='position: absolute; top: 0'>un</p><p style='position: absolute; top: 2pt'>deux</p>", "deux"),
        ("<table style='width: 40pt; table-layout: fixed'><tr><td>immense</td><td>b</td></tr></table>", "immense"),
        ("<p style='width: 90pt'>à sa place</p><p>et l’autre aussi</p>", None),
    ],
)
def test_misplaced_text_is_named(style: str, text: str | None) -> None:
    from weasyprint import HTML  # noqa: PLC0415

    assert misplaced_text(HTML(string=style).render().pages) == text


def test_issue_of_a_name_too_wide_for_the_document_is_refused_before_a_number_is_taken(
    database: Database, world: World
) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    with database.as_owner() as db:
        db.get_one(Person, world.people["maude"]).legal_last_name = "W" * 70
    with pytest.raises(Conflict) as refusal:
        issue(database, world, "maude")
    [reason] = refusal.value.reasons
    assert (reason.code, reason.field) == ("certificate_text_too_wide", "holder")
    with database.as_owner() as db:
        assert count(db, "certificate") == 0
    with database.as_owner() as db:
        db.get_one(Person, world.people["maude"]).legal_last_name = "W" * 26
    assert issue(database, world, "maude").number.endswith("-0001")
