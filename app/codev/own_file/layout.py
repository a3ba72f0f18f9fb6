"""The rendering of one's own file as a PDF, by the engine of the certificates (``app/platform/documents/pdf.py``).

Like certificates, it is always in French (BR-23): its words are in ``certificates/codevelopment/``, not in the
catalogues.
"""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.codev.own_file.schemas import CodevFile
from app.platform.documents.pdf import DESIGNS, Page, in_names_font, write
from app.platform.messages import i18n

DESIGN = DESIGNS / "codevelopment"


def render_file(record: CodevFile) -> bytes:
    """Return the file as a tagged PDF, on as many pages as its sessions take; the same record gives the same bytes.

    Raises ``PdfUnavailable``.
    """
    [content] = write([Page(render_html(record), pages=None)], DESIGN)
    return content


def render_html(record: CodevFile) -> str:
    """Return the template filled in with the record."""
    with i18n.in_french():
        return _templates().get_template("template.html").render(r=record)


@cache
def _templates() -> Environment:
    env = Environment(loader=FileSystemLoader(DESIGN), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.tests["in_names_font"] = lambda text: in_names_font(DESIGN, text)
    env.filters.update(day=i18n.day, hours=i18n.hours, typographic=i18n.no_break_spaces)
    return env
