"""From a record to its document: the design's template filled in, laid out by ``pdf.py``, signed by the college.

Documents are in French whoever asks for them (BR-23); their words are in the design, which carries a
version, and not in the catalogues of the screens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from typing import Any

import segno
import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from app.certificates.documents import rules
from app.certificates.schemas import CertificateRecord
from app.platform.documents.pades import SigningKeys, sign
from app.platform.documents.pdf import DESIGNS, Attached, Page, write
from app.platform.documents.render_pool import RenderPool
from app.platform.messages import i18n as words

DEFAULT = "escouade"
CREDENTIAL = "credential.json"
"""Under this name the credential is inside the document."""

QR_MASK = 0
"""Readers are told the mask; looking for the least speckled of the eight takes as long as all the rest of the code."""
QR_SCALE = 8
"""Pixels per module: as an image it costs a tenth of what drawing each module does."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a document is made of: the frozen record, its pictures by the names it gives them, the credential's text."""

    record: CertificateRecord
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    credential: str | None = None


def open_render_pool(keys: SigningKeys, processes: int | None = None) -> RenderPool[Draft]:
    """Drafts in, documents out, by several processes, each signed with its college's key: for many at once."""
    return RenderPool(partial(signed, keys=keys), processes)


def signed(draft: Draft, keys: SigningKeys) -> bytes:
    """The document, signed where the college has a key (PAdES); raises as :func:`document` and ``pades.py``."""
    content, key = document(draft), keys.get(draft.record.college_slug)
    return content if key is None else sign(content, key, draft.record.college_name)


def document(draft: Draft) -> bytes:
    """The record as a tagged PDF of one page; the same draft gives the same bytes.

    Raises ``PdfUnavailable`` and ``PdfOverflow`` (see ``pdf.py``).
    """
    [written] = write([page(draft)], design_folder(draft.record.design))
    return written


def page(draft: Draft) -> Page:
    """The record as HTML, with its QR code, its pictures and what is put inside."""
    files = {"qr.png": qr(draft.record.verify_url), **draft.pictures}
    return Page(html(draft.record), files, _attached(draft))


def html(record: CertificateRecord) -> str:
    """The design's template, filled in."""
    folder = design_folder(record.design)
    values = {
        "r": record,
        "competencies": rules.columns(record.competencies),
        "density": rules.density(record),
        "sizes": sizes(record),
    }
    with words.in_french():
        return _templates(folder).get_template("template.html").render(values)


def _attached(draft: Draft) -> dict[str, Attached]:
    if draft.credential is None:
        return {}
    issued = datetime.combine(draft.record.issued_on, time(), UTC)
    described: str = _declared(design_folder(draft.record.design))["credential"]
    return {CREDENTIAL: Attached(draft.credential.encode(), described, issued)}


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
    """A QR code as a PNG image, readable with 15 % of it damaged."""
    rows = segno.make(address, error="m", micro=False, mask=QR_MASK).matrix
    modules = Image.frombytes("L", (len(rows), len(rows)), bytes(0 if dark else 255 for row in rows for dark in row))
    drawing = BytesIO()
    side = len(rows) * QR_SCALE
    modules.resize((side, side), Image.Resampling.NEAREST).save(drawing, "PNG")
    return drawing.getvalue()


# Designs -----------------------------------------------------------------------------------------


def design_of(curriculum_slug: str) -> str:
    """The design that a path's documents are issued in: the one that names the path, else the default."""
    folders = (declared.parent for declared in sorted(DESIGNS.glob("*/design.yaml")))
    return next((f.name for f in folders if curriculum_slug in _declared(f).get("paths", ())), DEFAULT)


def design_version(name: str = DEFAULT) -> str:
    """``escouade/1.1``: what a record keeps of the design it was issued in."""
    return f"{name}/{_declared(DESIGNS / name)['version']}"


def design_folder(design: str) -> Path:
    """The folder of a design, from its name or its name and version."""
    return DESIGNS / design.split("/", 1)[0]


def forget_designs() -> None:
    """Read the designs again: one of them is being written."""
    _declared.cache_clear()
    _templates.cache_clear()


@cache
def _declared(folder: Path) -> dict[str, Any]:
    declared: dict[str, Any] = yaml.safe_load((folder / "design.yaml").read_text(encoding="utf-8"))
    return declared


@cache
def _templates(folder: Path) -> Environment:
    env = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.filters.update(day=words.day, hours=words.hours, typographic=rules.typographic)
    return env
