"""axe in a page: WCAG 2.2 A and AA, and its best practices."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

SOURCE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"]
RUN = """async tags => (await axe.run(document, {runOnly: tags, resultTypes: ['violations']})).violations.map(
  v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' (' + n.failureSummary.split('\\n').slice(1)
    .map(s => s.trim()).join('; ') + ')').join(' | '))"""


@cache
def source() -> str:
    """Return axe's own script."""
    return SOURCE.read_text(encoding="utf-8")


def violations(page: "Page") -> list[str]:
    """Return one line for each rule that a page breaks: its name, the elements and why. A page without any gives none.

    Every ``<details>`` is opened first: what is folded is read too.
    """
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(source())
    found: list[str] = page.evaluate(RUN, TAGS)
    return found
