"""The renderings of a portfolio: a PDF by the engine of the certificates, and the first page of its archive.

Like certificates, the PDF is always in French (BR-23): its words are in ``certificates/portfolio/``.
"""

from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.overview.portfolio.schemas import Portfolio
from app.platform.documents.pdf import DESIGNS, Page, in_names_font, write
from app.platform.messages import i18n
from app.platform.web.pages import environment

DESIGN = DESIGNS / "portfolio"
PDF_NAME, JSON_NAME = "portfolio.pdf", "portfolio.json"
"""The names of the two files of an archive that hold the whole portfolio."""


def render_portfolio(shown: Portfolio) -> bytes:
    """Return the portfolio as a tagged PDF; the same portfolio gives the same bytes. Raises ``PdfUnavailable``."""
    [content] = write([Page(render_html(shown), pages=None)], DESIGN)
    return content


def render_html(shown: Portfolio) -> str:
    """Return the template of the PDF filled in."""
    with i18n.in_french():
        return _templates().get_template("template.html").render(r=shown)


def first_page(shown: Portfolio, megabytes: int) -> bytes:
    """Return the page that an archive begins with: whole in itself, it names no other file but those beside it."""
    page = environment().get_template("progress/portfolio_index.html")
    return page.render(portfolio=shown, megabytes=megabytes, whole=(PDF_NAME, JSON_NAME)).encode()


@cache
def _templates() -> Environment:
    env = Environment(loader=FileSystemLoader(DESIGN), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    env.tests["in_names_font"] = lambda text: in_names_font(DESIGN, text)
    env.filters.update(day=i18n.day, local=i18n.local, typographic=i18n.no_break_spaces)
    return env
