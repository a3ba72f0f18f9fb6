"""Pages opened in a real browser as someone, and what went wrong on them that nobody looks at."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.identity.sign_in.authentication import cookie_name
from tests.e2e.live_site import LiveSite
from tests.e2e.site_process import SiteProcess

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

WIDE, NARROW = 1280, 320
"""Widths in pixels: a computer, and a text enlarged four times on it (WCAG 1.4.10) or the smallest phone."""

HEIGHT = {WIDE: 900, NARROW: 640}
SECONDS = 30
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
"""No name is resolved: a page that asks another host for something does not get it, and the test fails."""

SAME_EVERYWHERE: dict[str, Any] = {
    "locale": "fr-CA", "timezone_id": "America/Toronto", "reduced_motion": "reduce", "color_scheme": "light",
}  # fmt: skip


@dataclass
class Visits:
    """Opens pages for a test: ``visits("trainer")``; its contexts are closed, and looked at, at the end of the test."""

    browser: "Browser"
    site: LiveSite | SiteProcess
    secret_of: Callable[[str], str]
    """The sign-in secret of a person of the test's database."""
    traced: bool = True
    expected: set[int] = field(default_factory=set)
    """Statuses from 400 to 499 that the test provokes; any other fails it."""
    faults: list[str] = field(default_factory=list)
    _contexts: "list[BrowserContext]" = field(default_factory=list)

    def __call__(self, who: str | None = None, *, width: int = WIDE, javascript: bool = True, **options: Any) -> "Page":
        """Return an empty page in a context of its own, signed in as someone; paths are relative to the site."""
        context = self.browser.new_context(
            base_url=self.site.url, java_script_enabled=javascript, viewport={"width": width, "height": HEIGHT[width]},
            **SAME_EVERYWHERE, **options,
        )  # fmt: skip
        context.set_default_timeout(SECONDS * 1000)
        self._contexts.append(context)
        if self.traced:
            context.tracing.start(snapshots=True, screenshots=True)
        if who is not None:
            self.sign_in(context, self.secret_of(who))
        self._watch(context)
        return context.new_page()

    def again(self) -> "Page":
        """Return an empty page in the first context: the same browser, with what it kept."""
        return self._contexts[0].new_page()

    def sign_in(self, context: "BrowserContext", secret: str) -> None:
        """Give a context the cookie of a sign-in."""
        name = cookie_name(self.site.settings)
        context.add_cookies(
            [{"name": name, "value": secret, "url": self.site.url, "httpOnly": True, "sameSite": "Lax"}]
        )

    def close(self, kept: Path | None = None) -> None:
        """Close what was opened; of a test that failed, keep each context's trace in a folder."""
        for place, context in enumerate(self._contexts):
            if self.traced:
                context.tracing.stop(path=kept / f"trace-{place}.zip" if kept else None)
            context.close()
        self._contexts.clear()
        self.site.settle()

    def _watch(self, context: "BrowserContext") -> None:
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.faults.append(f"script: {error.error}"))
        context.on("request", self._on_request)
        context.on("response", self._on_response)

    def _on_console(self, message: "ConsoleMessage") -> None:
        # The browser writes a line for each answer from 400 on; _on_response looks at these.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: "Request") -> None:
        # The browser's own viewer of a PDF asks the browser for its parts.
        if not request.url.startswith(
            (self.site.url + "/", "data:", "blob:", "about:", "chrome:", "chrome-extension:")
        ):
            self.faults.append(f"another host: {request.url}")

    def _on_response(self, response: "Response") -> None:
        if response.status >= 500 or (response.status >= 400 and response.status not in self.expected):
            path = response.url.removeprefix(self.site.url)
            self.faults.append(f"{response.status} from {response.request.method} {path}")


def file_name(test: str) -> str:
    """Return a folder's name for what is kept of a test."""
    return re.sub(r"[^\w.-]+", "-", test.split("::", 1)[-1])[:120]


def overflow(page: "Page") -> Sequence[str]:
    """Return the elements that reach out of a page which scrolls sideways; none for a page that does not."""
    found: list[str] = page.evaluate(OVERFLOW)
    return found


OVERFLOW = """() => {
  const root = document.scrollingElement, width = root.clientWidth;
  if (root.scrollWidth <= width) return [];
  const scrolls = e => { for (e = e.parentElement; e && e !== root && e !== document.body; e = e.parentElement)
    if (getComputedStyle(e).overflowX !== 'visible') return true; return false; };
  return [...document.body.querySelectorAll('*')]
    .filter(e => e.getBoundingClientRect().right > width + 0.5 && !scrolls(e))
    .map(e => `${e.outerHTML.slice(0, 100)} reaches ${Math.round(e.getBoundingClientRect().right)} px of ${width}`)
    .slice(-3);
}"""
