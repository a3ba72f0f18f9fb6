"""What anyone and any site may read: documents with an entity tag, and the files that robots and finders of flaws ask.

Programs on other sites read these documents in browsers (CORS); they hold nothing of whoever reads them.
"""

import hashlib
from datetime import timedelta
from http import HTTPStatus

from fastapi import APIRouter, Depends, Request, Response
from fastapi.params import Depends as DependsParam
from fastapi.responses import PlainTextResponse

from app.platform.clock import now
from app.platform.errors import NotFound
from app.platform.security.guards import NoActor
from app.platform.web.assets import asset_response, is_known
from app.platform.web.deps import SettingsDep

router = APIRouter(include_in_schema=False)

DAY = {"Cache-Control": "public, max-age=86400"}
ROBOTS = """\
User-agent: *
Disallow: /api/
Disallow: /v/
Disallow: /invitation/
Disallow: /mot-de-passe-oublie/
Disallow: /connexion/
"""
"""What holds a secret in its address, or is for programs; the rest asks for a sign-in."""
VALID_DAYS = 180
"""For how long a finder of flaws may rely on the contact (RFC 9116 recommends less than a year)."""


def _is_for_every_site(request: Request) -> None:
    request.state.is_for_every_site = True


def for_every_site() -> DependsParam:
    """Return the dependency of a route whose responses, refusals included, any site may read in a browser."""
    dependency: DependsParam = Depends(_is_for_every_site)
    return dependency


def document(request: Request, content: bytes, *, media_type: str, seconds: int) -> Response:
    """Return a public document with its entity tag, to be kept for ``seconds``; 304 when the client has it."""
    headers = {
        "Cache-Control": f"public, max-age={seconds}",
        "ETag": f'W/"{hashlib.sha256(content).hexdigest()[:32]}"',  # weak: it may be compressed on its way
    }
    if is_known(request.headers, headers["ETag"]):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


@router.get("/robots.txt")
def robots(_: NoActor) -> Response:
    """Return what search engines leave alone."""
    return PlainTextResponse(ROBOTS, headers=DAY)


@router.get("/favicon.ico")
def favicon(_: NoActor, request: Request) -> Response:
    """Return the icon, where browsers look for it without reading a page."""
    return asset_response("favicon.ico", request.headers)


@router.get("/.well-known/security.txt")
def security_txt(_: NoActor, settings: SettingsDep) -> Response:
    """Return whom to tell of a flaw (RFC 9116); 404 where the deployment names nobody."""
    if settings.security_contact is None:
        raise NotFound
    today = now().replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {settings.security_contact}",
        f"Expires: {today + timedelta(days=VALID_DAYS):%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, en",
        f"Canonical: {settings.base_url.rstrip('/')}/.well-known/security.txt",
    )
    return PlainTextResponse("\n".join(lines) + "\n", headers=DAY)
