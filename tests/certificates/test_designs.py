"""Optional parts of both designs: recognised hours, first day of issue, a college's logo, colours and signatures."""

import hashlib
import io
import re

import pikepdf
import pypdf
import pytest
from PIL import Image, ImageDraw
from pydantic import ValidationError

from app.certificates.documents.designs import design_for, design_version
from app.certificates.documents.layout import Draft, qr_code, render_document
from app.certificates.schemas import CertificateRecord, PrintedSignatory
from app.curricula.library import default_library
from tests.certificates.test_pdf import structure_elements, text_of, without_spaces
from tests.factories import certificates as samples


@pytest.fixture(params=["escouade", "meridien"])
def design(request: pytest.FixtureRequest) -> str:
    return design_version(request.param)


def stored_picture(width: int = 300, height: int = 100) -> tuple[str, bytes]:
    """Return the file name and content of a stored picture."""
    image = Image.new("RGB", (width, height), "white")
    ImageDraw.Draw(image).line((0, height, width, 0), fill="black", width=9)
    png = io.BytesIO()
    image.save(png, "PNG")
    return f"{hashlib.sha256(png.getvalue()).hexdigest()}.png", png.getvalue()


def alternative_texts(content: bytes) -> list[str]:
    with pikepdf.open(io.BytesIO(content)) as file:
        return [str(e.Alt) for e in structure_elements(file.Root.StructTreeRoot.K) if str(e.S) == "/Figure"]


def fill_colours(content: bytes) -> set[bytes]:
    """Return the fill colours of the page."""
    [page] = pypdf.PdfReader(io.BytesIO(content)).pages
    contents = page.get_contents()
    assert contents is not None
    return {b" ".join(components) for components in re.findall(rb"(\S+) (\S+) (\S+) (?:rg|scn)\b", contents.get_data())}


def printed_text(design: str, **changes: object) -> str:
    return text_of(render_document(Draft(samples.sample(design=design, **changes))))


def test_each_path_has_its_design() -> None:
    paths = {slug for slug, _ in default_library().curricula}
    assert {path: design_for(path) for path in paths} == {"generaliste": "escouade", "specialise": "meridien"}
    assert design_for("un-autre") == "escouade"


def test_hours_followed_and_recognised_are_apart(design: str) -> None:
    text = printed_text(design, prior_minutes=1800, ceu="17.8")
    assert without_spaces("dont 178,5 h suivies et 30 h par reconnaissance des acquis") in without_spaces(text)
    assert without_spaces("17,8 UEC (heures suivies)") in without_spaces(text)
    assert "reconnaissance des acquis" not in printed_text(design)


def test_short_code_is_printed(design: str) -> None:
    text = printed_text(design)
    assert "Code court, au téléphone" in text
    assert samples.sample().short_code in text


def test_first_day_of_issue_is_printed_without_the_reason(design: str) -> None:
    text, usual = (
        without_spaces(printed_text(design, first_issued_on="2025-03-01")),
        without_spaces(printed_text(design)),
    )
    first_issue = without_spaces("Première délivrance : 1er mars 2025")
    assert text.replace(first_issue, "") == usual
    assert text != usual


def test_logo_and_signatures_have_alternative_texts(design: str) -> None:
    logo, signature = stored_picture(), stored_picture(400, 90)
    signatory = PrintedSignatory(name="Anne Nom", title="Directrice", image=signature[0])
    record = samples.sample(design=design, logo=logo[0], signatories=[signatory.model_dump()])
    content = render_document(Draft(record, dict([logo, signature])))
    with pikepdf.open(io.BytesIO(content)) as file:
        images = [o for o in file.objects if isinstance(o, pikepdf.Stream) and o.get("/Subtype") == "/Image"]
        assert len(images) == 3
        assert not any(image.Interpolate for image in images)  # ISO 19005-3, 6.2.8.1
    assert sorted(alternative_texts(content)) == [
        "Code QR : adresse de vérification, écrite " + ("ci-dessous" if "escouade" in design else "ci-contre"),
        "Logo : Cégep du Piékouagami",
        "Signature de Anne Nom",
    ]


@pytest.mark.parametrize("shape", [(2000, 60), (60, 1500)])
def test_a_logo_of_any_shape_keeps_to_its_place(design: str, shape: tuple[int, int]) -> None:
    logo, signature = stored_picture(*shape), stored_picture(*reversed(shape))
    record = samples.LONGEST.model_copy(update={"design": design, "logo": logo[0]})
    signatories = tuple(s.model_copy(update={"image": signature[0]}) for s in record.signatories)
    render_document(Draft(record.model_copy(update={"signatories": signatories}), dict([logo, signature])))


def test_missing_picture_raises_an_error(design: str) -> None:
    with pytest.raises(PermissionError):
        render_document(Draft(samples.sample(design=design, logo=stored_picture()[0])))


def test_the_colleges_colours_are_used(design: str) -> None:
    """In the page's own drawing: red, green and blue from 0 to 1, the ink for text, the accent for the frame."""
    plain = fill_colours(render_document(Draft(samples.sample(design=design))))
    coloured = fill_colours(render_document(Draft(samples.sample(design=design, ink="#ff0000", accent="#00ff00"))))
    for colour in (b"1 0 0", b"0 1 0"):
        assert colour not in plain
        assert colour in coloured


@pytest.mark.parametrize("ink", ["red", "#fff", "#12345g", "#000000}</style><script>", "#ABCDEF"])
def test_a_colour_is_six_digits_and_nothing_else(ink: str) -> None:
    with pytest.raises(ValidationError):
        samples.sample(ink=ink)


@pytest.mark.parametrize("name", ["logo.png", "../../x.png", f"{'a' * 64}.svg", f"{'A' * 64}.png"])
def test_a_picture_is_named_by_its_digest(name: str) -> None:
    with pytest.raises(ValidationError):
        samples.sample(logo=name)


def test_an_older_record_still_prints() -> None:
    """Records are frozen: fields added since are optional."""
    old = samples.sample().model_dump(mode="json")
    for name in ("logo", "ink", "accent", "prior_minutes", "employer", "first_issued_on"):
        del old[name]
    assert render_document(Draft(CertificateRecord.model_validate(old))).startswith(b"%PDF-")


def test_the_qr_code_is_sharp_black_and_white() -> None:
    with Image.open(io.BytesIO(qr_code("https://escouade.example.org/v/3f9a0c1d77e24b58a6109d3cf2e4b871"))) as image:
        assert image.mode == "L"
        assert {colour for _, colour in image.getcolors() or []} == {0, 255}
        assert image.size[0] == image.size[1] >= 200
