"""From a record to its document: the design's template filled in, then laid out by ``app/pdf.py``.

Documents are in French whoever asks for them (brief 4.6); their words are in the design, which carries a
version, and not in the catalogues of the screens.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from io import BytesIO
from pathlib import Path

import segno
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app import text as words
from app.certificates import rules
from app.certificates.schemas import CertificateRecord
from app.pdf import DESIGNS, Page, write

DEFAULT = "escouade"


def design_version(name: str = DEFAULT) -> str:
    """``escouade/1.0``: what a record keeps of the design it was issued in."""
    declared = yaml.safe_load((DESIGNS / name / "design.yaml").read_text(encoding="utf-8"))
    return f"{name}/{declared['version']}"


def design_folder(design: str) -> Path:
    """The folder of a design, from its name or its name and version."""
    return DESIGNS / design.split("/", 1)[0]


def document(record: CertificateRecord) -> bytes:
    """The record as a tagged PDF of one page; the same record gives the same bytes.

    Raises ``PdfUnavailable`` and ``PdfOverflow`` (see ``app/pdf.py``).
    """
    [written] = write([page(record)], design_folder(record.design))
    return written


def page(record: CertificateRecord) -> Page:
    """The record as HTML, with its QR code."""
    folder = design_folder(record.design)
    logo = f"logos/{record.college_slug}.svg"
    values = {
        "r": record,
        "competencies": rules.columns(record.competencies),
        "density": rules.density(record),
        "sizes": sizes(record),
        "logo": logo if (folder / logo).is_file() else None,
    }
    with _in_french():
        html = _templates(folder).get_template("template.html").render(values)
    return Page(html, {"qr.svg": qr(record.verify_url)})


def sizes(record: CertificateRecord) -> dict[str, str]:
    """The class of size of each text that may be long."""
    signatory = max((s.name + s.title for s in record.signatories), key=len)
    return {
        "college": rules.size(record.college_name, rules.TITLE_LIMITS),
        "name": rules.size(record.holder, rules.NAME_LIMITS),
        "title": rules.size(record.path_title, rules.TITLE_LIMITS),
        "object": rules.size(record.object, rules.PROSE_LIMITS),
        "place": rules.size(record.place, rules.PLACE_LIMITS),
        "signatory": rules.size(signatory, rules.LINE_LIMITS),
    }


def qr(address: str) -> bytes:
    """A QR code as an SVG drawing, readable with 15 % of it damaged."""
    drawing = BytesIO()
    segno.make(address, error="m", micro=False).save(drawing, kind="svg", border=0, xmldecl=False, svgns=True)
    return drawing.getvalue()


@cache
def _templates(folder: Path) -> Environment:
    env = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.filters.update(day=words.day, hours=words.hours, typographic=rules.typographic)
    return env


@contextmanager
def _in_french() -> Iterator[None]:
    token = words.language.set("fr")
    try:
        yield
    finally:
        words.language.reset(token)
