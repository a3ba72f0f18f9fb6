"""The rendering of a record as a PDF: the design's template, laid out by ``pdf.py``, signed with the college's key.

Documents are always in French (BR-23); their texts are in the design, which has a version, and not in the message
catalogues of the screens.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import cache, partial
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import segno
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from app.certificates.documents import rules
from app.certificates.documents.designs import design_declaration, design_folder
from app.certificates.documents.fitting import long_fields, size_classes
from app.certificates.schemas import CertificateRecord
from app.platform.documents.document_process import in_document_process
from app.platform.documents.pades import SigningKeys, sign
from app.platform.documents.pdf import AttachedFile, Page, PdfOverflow, PdfTextOverflow, check, in_names_font, write
from app.platform.documents.render_pool import RenderPool
from app.platform.errors import Reason
from app.platform.messages import i18n

CREDENTIAL = "credential.json"
"""The name of the credential among the document's attachments."""

QR_MASK = 0
"""The mask is written in the code; choosing the best of the eight takes as long as all the rest of the encoding."""
QR_SCALE = 8
"""Pixels per module: an image takes a tenth of the time of drawing each module."""


def _blank_picture(width: int, height: int) -> bytes:
    """Return a white PNG image."""
    png = BytesIO()
    Image.new("L", (width, height), "white").save(png, "PNG")
    return png.getvalue()


LARGEST_PICTURE = _blank_picture(300, 80)
"""A picture that takes all the room that designs give to a logo."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What a document is rendered from: the frozen record, its pictures by file name, the credential's JSON text."""

    record: CertificateRecord
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    credential: str | None = None


def open_render_pool(keys: SigningKeys, processes: int | None = None) -> RenderPool[Draft]:
    """Return a pool of processes that render drafts as documents, each signed with its college's key."""
    return RenderPool(partial(render_signed_document, keys=keys), processes)


def render_signed_document(draft: Draft, keys: SigningKeys) -> bytes:
    """Return the document, signed where the college has a key (PAdES).

    Raises as :func:`render_document` does, and ``SigningKeyUnreadable``.
    """
    record = draft.record
    content, key = render_document(draft), keys.get(record.college_slug)
    if key is None:
        return content
    label: str = design_declaration(design_folder(record.design))["signature"]
    return sign(content, key, record.college_name, f"{label} {record.college_name}")


def render_document(draft: Draft) -> bytes:
    """Return the record as a tagged PDF of one page; the same draft gives the same bytes.

    Raises ``PdfUnavailable``, ``PdfOverflow`` and ``PdfTextOverflow`` (``pdf.py``).
    """
    [content] = write([build_page(draft)], design_folder(draft.record.design))
    return content


def refuse_overflow(record: CertificateRecord) -> list[Reason]:
    """Return a reason when the texts together do not fit on the page, with the names of the long ones.

    Only a document with a long text is laid out: the others always fit. Raises ``PdfUnavailable``.
    """
    fields = long_fields(record)
    is_full = bool(fields) and in_document_process(_overflows, record)
    if is_full:
        what = ", ".join(i18n.t(f"certificates.printed.{field}") for field in fields)
        return [Reason("certificate_texts_too_long", {"what": what}, fields[0])]
    return []


def _overflows(record: CertificateRecord) -> bool:
    """Return whether the texts of a record, laid out with the largest pictures, leave their frames or the page."""
    pictures = dict.fromkeys(record.pictures, LARGEST_PICTURE)
    try:
        check(build_page(Draft(record, pictures)), design_folder(record.design))
    except (PdfOverflow, PdfTextOverflow):
        return True
    return False


def build_page(draft: Draft) -> Page:
    """Return the record as HTML, with its QR code, its pictures and its attachments."""
    files = {"qr.png": qr_code(draft.record.verify_url), **draft.pictures}
    return Page(render_html(draft.record), files, _attachments(draft))


def render_html(record: CertificateRecord) -> str:
    """Return the design's template filled in with the record."""
    folder = design_folder(record.design)
    values = {
        "r": record,
        "dated": date_stamp(record),
        "competencies": rules.split_columns(record.competencies),
        "density": rules.density(record),
        "sizes": size_classes(record),
    }
    with i18n.in_french():
        return _template_environment(folder).get_template("template.html").render(values)


def date_stamp(record: CertificateRecord) -> str:
    """Return the date of the file's metadata: the first moment of the day of issue, with its offset from UTC.

    The day alone for a record without a time zone, so that its document keeps its bytes.
    """
    if record.timezone is None:
        return record.issued_on.isoformat()
    return datetime.combine(record.issued_on, time(), ZoneInfo(record.timezone)).isoformat()


def _attachments(draft: Draft) -> dict[str, AttachedFile]:
    """Return the credential as an attachment of the document, when there is one."""
    if draft.credential is None:
        return {}
    record = draft.record
    zone = ZoneInfo(record.timezone) if record.timezone else UTC
    issued = datetime.combine(record.issued_on, time(), zone).astimezone(UTC)
    description: str = design_declaration(design_folder(draft.record.design))["credential"]
    return {CREDENTIAL: AttachedFile(draft.credential.encode(), description, issued)}


def qr_code(address: str) -> bytes:
    """Return a QR code as a PNG image, readable with 15 % of it damaged."""
    rows = segno.make(address, error="m", micro=False, mask=QR_MASK).matrix
    modules = Image.frombytes("L", (len(rows), len(rows)), bytes(0 if dark else 255 for row in rows for dark in row))
    png = BytesIO()
    side = len(rows) * QR_SCALE
    modules.resize((side, side), Image.Resampling.NEAREST).save(png, "PNG")
    return png.getvalue()


def clear_design_cache() -> None:
    """Forget the designs read so far, for a preview while one is being edited."""
    design_declaration.cache_clear()
    _template_environment.cache_clear()


@cache
def _template_environment(folder: Path) -> Environment:
    """Return the Jinja environment of a design's templates."""
    env = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.tests["in_names_font"] = lambda text: in_names_font(folder, text)
    env.filters.update(day=i18n.day, hours=i18n.hours, typographic=rules.typographic)
    return env
