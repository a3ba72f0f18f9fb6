"""Plain documents in letter format, from the template of a design to a tagged PDF (``certificates/letter.css``).

Like certificates they are always in French (BR-23): their words are in the design, not in the catalogues.
"""

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from app.platform.documents.pdf import Page, in_names_font, write
from app.platform.messages import i18n


def letter_pdf(design: Path, **values: object) -> bytes:
    """Return a document, on as many pages as it takes; the same values give the same bytes.

    Raises ``PdfUnavailable``.
    """
    [content] = write([Page(letter_html(design, **values), pages=None)], design)
    return content


def letter_html(design: Path, **values: object) -> str:
    """Return the design's template filled in."""
    with i18n.in_french():
        return _template(design).render(values)


@cache
def _template(design: Path) -> Template:
    env = Environment(loader=FileSystemLoader(design), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.tests["in_names_font"] = lambda text: in_names_font(design, text)
    env.filters.update(day=i18n.day, hours=i18n.hours, clock=i18n.clock, local=i18n.local, zone=i18n.zone_name)
    env.filters.update(typographic=i18n.no_break_spaces)
    return env.get_template("template.html")
