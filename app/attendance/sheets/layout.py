"""The rendering of an attendance sheet as a PDF, by the engine of the certificates (``app/platform/documents/pdf.py``).

Like certificates, it is always in French (BR-23): its words are in ``certificates/attendance/``, not in the catalogues.
"""

from datetime import timedelta
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.attendance.sheets.schemas import SheetRecord
from app.platform.documents.pdf import DESIGNS, Page, in_names_font, write
from app.platform.messages import i18n

DESIGN = DESIGNS / "attendance"


def render_sheet(record: SheetRecord) -> bytes:
    """Return the sheet as a tagged PDF, on as many pages as its people take; the same record gives the same bytes.

    Raises ``PdfUnavailable``.
    """
    [content] = write([Page(render_html(record), pages=None)], DESIGN)
    return content


def render_html(record: SheetRecord) -> str:
    """Return the template filled in with the record."""
    session = record.session
    last = record.calls[-1] if record.calls else None
    values = {
        "r": record,
        "zone": session.timezone,
        "ends_at": session.starts_at + timedelta(minutes=session.planned_minutes),
        "last": last,
        "dated": i18n.local(last.closed_at if last else session.starts_at, session.timezone).isoformat("T", "seconds"),
    }
    with i18n.in_french():
        return _templates().get_template("template.html").render(values)


@cache
def _templates() -> Environment:
    env = Environment(loader=FileSystemLoader(DESIGN), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.tests["in_names_font"] = lambda text: in_names_font(DESIGN, text)
    env.filters.update(day=i18n.day, hours=i18n.hours, clock=i18n.clock, local=i18n.local, zone=i18n.zone_name)
    env.filters.update(typographic=i18n.no_break_spaces)
    return env
