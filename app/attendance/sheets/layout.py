"""The rendering of an attendance sheet as a PDF in French: its words are in ``certificates/attendance/``."""

from datetime import timedelta

from app.attendance.sheets.schemas import SheetRecord
from app.platform.documents.letters import letter_pdf
from app.platform.documents.pdf import DESIGNS
from app.platform.messages import i18n


def render_sheet(record: SheetRecord) -> bytes:
    """Return the sheet as a tagged PDF, on as many pages as its people take. Raises ``PdfUnavailable``."""
    session = record.session
    last = record.calls[-1] if record.calls else None
    dated = last.closed_at if last else session.starts_at
    return letter_pdf(
        DESIGNS / "attendance",
        r=record,
        zone=session.timezone,
        ends_at=session.starts_at + timedelta(minutes=session.planned_minutes),
        last=last,
        dated=i18n.local(dated, session.timezone).isoformat("T", "seconds"),
    )
