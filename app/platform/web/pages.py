"""The web's common ground: pages from templates, problems as JSON or pages."""

import re
from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from app.platform.errors import Reason
from app.platform.messages import i18n as words
from app.platform.security.permissions import Permission, Role

TEMPLATES = Path(__file__).parents[2] / "templates"
STATIC = Path(__file__).parents[2] / "static"
SECOND_FACTOR = "/connexion/second-facteur"
"""Where whoever has proven their password alone is sent."""


@cache
def environment() -> Environment:
    """The template environment: escaping on, unknown names are errors."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), undefined=StrictUndefined, auto_reload=False
    )
    env.globals.update(t=words.t, known=words.known, explain=explain, language=words.language)
    env.globals.update(P=Permission, Role=Role, NBSP=words.NBSP)
    env.filters.update(hours=words.hours, day=words.day, clock=words.clock, number=words.number, local=words.local)
    env.filters.update(zone=words.zone_name, whole=whole)
    return env


CODE = re.compile(r"\b[A-Z]{2,5}(?:-[A-Z0-9]+)+(?:\.[A-Z0-9]{1,2})?\b")
"""Codes of modules, activities, competencies and cohorts, as they stand in a sentence."""


def whole(sentence: str) -> Markup:
    """A sentence whose codes never break at their hyphens."""
    return Markup(CODE.sub(r'<span class="code">\g<0></span>', str(escape(sentence))))  # noqa: S704 - escaped just here


def explain(reason: Reason) -> Markup:
    """A reason in words, on a page."""
    return whole(words.explain(reason))


def render(
    request: Request, template: str, *, status: int = 200, block: str | None = None, **values: object
) -> HTMLResponse:
    """A page from a template; ``block`` renders one block alone, for a fragment."""
    shown = environment().get_template(template)
    context = {"request_path": request.scope["path"], "actor": getattr(request.state, "actor", None), **values}
    html = "".join(shown.blocks[block](shown.new_context(context))) if block else shown.render(context)
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


def redirect_after_post(path: str) -> RedirectResponse:
    """After a write, go and look."""
    return RedirectResponse(path, status_code=HTTPStatus.SEE_OTHER)


def local_path(path: str | None) -> str:
    """A path of this site, or its front page: never an address that someone else chose."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return "/"


def safe_referer(referer: str) -> str:
    """The page of this site that a request says it came from, or the front page."""
    try:
        before = urlsplit(referer)
    except ValueError:  # no browser sends such an address; someone does
        return "/"
    return local_path(before.path + ("?" + before.query if before.query else ""))


def attachment(name: str) -> dict[str, str]:
    """Headers of a download; the name may hold accents (RFC 6266)."""
    plain = words.search_key(name.rsplit(".", 1)[0]).replace(" ", "-") + "." + name.rsplit(".", 1)[-1]
    return {"Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"}


API = "/api/"


def wants_json(request: Request) -> bool:
    """Whether the path belongs to the API."""
    return bool(request.scope["path"].startswith(API))
