"""Pages: the template environment, rendering, redirects and downloads."""

import re
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from app.platform.errors import NotFound, Reason
from app.platform.messages import i18n as words
from app.platform.search import search_words
from app.platform.security.permissions import Permission, Role
from app.platform.web.assets import asset_url
from app.platform.web.forms import component
from app.platform.web.lists import choice, column

TEMPLATES = Path(__file__).parents[2] / "templates"
SECOND_FACTOR = "/connexion/second-facteur"
"""The page to which someone who has entered only their password is redirected."""


@cache
def environment() -> Environment:
    """Return the template environment: autoescaping on, undefined names are errors."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(), undefined=StrictUndefined, auto_reload=False
    )
    env.globals.update(t=words.t, known=words.has_message, explain=explain, language=words.language)
    env.globals.update(form=component.form, was_refused=component.was_refused)
    env.globals.update(asset=asset_url)
    env.globals.update(P=Permission, Role=Role, NBSP=words.NBSP, column=column, choice=choice)
    env.filters.update(hours=words.hours, day=words.day, clock=words.clock, number=words.number, local=words.local)
    env.filters.update(instant=instant, zone=words.zone_name, whole=unbreakable_codes)
    return env


def instant(moment: datetime) -> str:
    """Return a moment as HTML's ``datetime`` attribute takes it: to the second, with its offset."""
    return moment.isoformat(timespec="seconds")


CODE = re.compile(r"\b[A-Z]{2,5}(?:-[A-Z0-9]+)+(?:\.[A-Z0-9]{1,2})?\b")
"""Codes of modules, activities, competencies and cohorts within a sentence."""


def unbreakable_codes(sentence: str) -> Markup:
    """Return a sentence as markup whose codes never break at their hyphens."""
    return Markup(CODE.sub(r'<span class="code">\g<0></span>', str(escape(sentence))))  # noqa: S704 - escaped


def explain(reason: Reason) -> Markup:
    """Return the sentence of a reason as markup."""
    return unbreakable_codes(words.explain(reason))


def render(
    request: Request, template: str, *, status: int = 200, block: str | None = None, **values: object
) -> HTMLResponse:
    """Return the page of a template; ``block`` renders one of its blocks only, for a fragment."""
    page = environment().get_template(template)
    path, query = request.scope["path"], request.scope["query_string"].decode("latin-1")
    if request.method == "POST":  # the query is that of the form which was sent: its forms would have its used key
        query = ""
    context = {
        "request_path": path,
        "page_address": f"{path}?{query}" if query else path,
        "actor": getattr(request.state, "actor", None),
        "refusal": getattr(request.state, "refusal", None),
        "used_ids": set(),
        **values,
    }
    html = "".join(page.blocks[block](page.new_context(context))) if block else page.render(context)
    return HTMLResponse(html, status_code=status, headers={"Cache-Control": "no-store"})


def redirect_after_post(path: str) -> RedirectResponse:
    """Return a redirection to a page after a write (303)."""
    return RedirectResponse(path, status_code=HTTPStatus.SEE_OTHER)


def local_path(path: str | None) -> str:
    """Return the path when it is one of this site, else ``/``: never an address of another site."""
    if path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable():
        return path
    return "/"


def safe_referer(referer: str) -> str:
    """Return the path of a ``Referer`` header, or ``/``."""
    try:
        address = urlsplit(referer)
    except ValueError:  # browsers never send such an address, other clients may
        return "/"
    return local_path(address.path + ("?" + address.query if address.query else ""))


UNNAMED = "document"
"""The name of a download whose own name has nothing to show."""
LONGEST_NAME = 200
"""Longest name of a download without its extension, in bytes: file systems take 255."""
LONGEST_EXTENSION = 10
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f/\\\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
"""Controls, path separators, marks that turn the reading direction, halves of characters."""


def attachment(name: str) -> dict[str, str]:
    """Return the headers of a download under any name: in ASCII for old programs, whole for the others (RFC 6266)."""
    shown = _NOT_IN_A_NAME.sub("-", name).strip()
    stem, _, extension = shown.rpartition(".")
    if not extension.isalnum() or len(extension) > LONGEST_EXTENSION or extension == shown:
        stem, extension = shown, ""
    stem = stem.encode()[:LONGEST_NAME].decode(errors="ignore").strip(" .-") or UNNAMED
    plain = re.sub(r"[^a-z0-9_]+", "-", "-".join(search_words(stem))).strip("-") or UNNAMED
    plain_extension = re.sub(r"[^a-z0-9]", "", extension.lower())
    in_ascii = f"{plain}.{plain_extension}" if plain_extension else plain
    whole = quote(f"{stem}.{extension}" if extension else stem, safe="")
    return {"Content-Disposition": f"attachment; filename=\"{in_ascii}\"; filename*=UTF-8''{whole}"}


def untrusted_file(content: bytes, name: str, media_type: str | None) -> Response:
    """Return a file that someone sent: always a download, which no browser runs or displays."""
    headers = {
        **attachment(name),
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)


SHOWN_TYPES = frozenset({"application/pdf", "image/jpeg", "image/png"})
"""Media types that a browser shows and that run nothing of ours; a file has one when its content is of that type."""


def shown_file(content: bytes, name: str, media_type: str | None) -> Response:
    """Return a file that someone sent for a frame or a picture of our pages; raise ``NotFound`` for any other type.

    Its own policy loads nothing and lets our pages alone frame it; in a ``sandbox``, browsers would open no PDF.
    """
    if media_type not in SHOWN_TYPES:
        raise NotFound
    headers = {
        "Content-Disposition": attachment(name)["Content-Disposition"].replace("attachment", "inline", 1),
        "Content-Security-Policy": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, media_type=media_type, headers=headers)


API = "/api/"


def wants_json(request: Request) -> bool:
    """Return whether the path belongs to the API."""
    return bool(request.scope["path"].startswith(API))
