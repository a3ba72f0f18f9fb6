"""The renderings of a portfolio: a PDF in French, and the first page of its archive.

The words of the PDF are in ``certificates/portfolio/``.
"""

from app.overview.portfolio.schemas import Portfolio
from app.platform.documents.letters import letter_pdf
from app.platform.documents.pdf import DESIGNS
from app.platform.web.pages import environment

PDF_NAME, JSON_NAME = "portfolio.pdf", "portfolio.json"
"""The names of the two files of an archive that hold the whole portfolio."""


def render_portfolio(shown: Portfolio) -> bytes:
    """Return the portfolio as a tagged PDF; the same portfolio gives the same bytes. Raises ``PdfUnavailable``."""
    return letter_pdf(DESIGNS / "portfolio", r=shown)


def first_page(shown: Portfolio, megabytes: int) -> bytes:
    """Return the page that an archive begins with: whole in itself, it names no other file but those beside it."""
    page = environment().get_template("progress/portfolio_index.html")
    return page.render(portfolio=shown, megabytes=megabytes, whole=(PDF_NAME, JSON_NAME)).encode()
