"""The rendering of one's own file as a PDF in French: its words are in ``certificates/codevelopment/``."""

from app.codev.own_file.schemas import CodevFile
from app.platform.documents.letters import letter_pdf
from app.platform.documents.pdf import DESIGNS


def render_file(record: CodevFile) -> bytes:
    """Return the file as a tagged PDF, on as many pages as its sessions take. Raises ``PdfUnavailable``."""
    return letter_pdf(DESIGNS / "codevelopment", r=record)
