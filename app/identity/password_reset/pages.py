"""The pages of a forgotten password: the request for a link, and the form that the link opens."""

from typing import Annotated, Literal

from fastapi import Form, Query, Request, Response

from app.identity.account.passwords import hash_of
from app.identity.password_reset import service
from app.identity.password_reset.schemas import NewPassword, ResetRequest
from app.identity.password_reset.service import PATH
from app.platform.security.guards import OptionalActor
from app.platform.security.hashing_lane import in_lane
from app.platform.security.rate_limit import RateLimitScope, origin_of
from app.platform.security.slowdown import slowed
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

PRIVATE_HEADERS = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""Headers of a page whose address holds a secret: no indexing, no referrer."""


@router.get(PATH)
def request_page(
    _: OptionalActor, request: Request, fait: Annotated[Literal["demande", "change"] | None, Query()] = None
) -> Response:
    """Show the form, or the confirmation of what was just done."""
    return render(request, "people/reset_ask.html", done=fait)


@router.post(PATH, dependencies=[slowed(RateLimitScope.RESET), form_on(PATH)])
def request_reset(
    _: OptionalActor,
    db: SessionDep,
    settings: SettingsDep,
    keyring: KeyringDep,
    request: Request,
    command: Annotated[ResetRequest, Form()],
) -> Response:
    """Send a link if the address has an account; the response is the same for any address."""
    service.request_reset(db, keyring, command, origin=origin_of(request), site=settings.base_url)
    return redirect_after_post(f"{PATH}?fait=demande")


@router.get(PATH + "/{token}", dependencies=[slowed(RateLimitScope.RESET)])
def password_page(_: OptionalActor, db: SessionDep, keyring: KeyringDep, request: Request, token: str) -> Response:
    """Show the form of a new password; opening it does not use the link up."""
    link = service.read_link(db, keyring, token, origin=origin_of(request))
    page = render(request, "people/reset.html", link=link, address=f"{PATH}/{token}")
    page.headers.update(PRIVATE_HEADERS)
    return page


@router.post(PATH + "/{token}", dependencies=[slowed(RateLimitScope.RESET), form_on(PATH + "/{token}")])
def set_password(
    new_hash: Annotated[str, in_lane(Annotated[NewPassword, Form()], hash_of)],
    _: OptionalActor,
    db: SessionDep,
    *,
    keyring: KeyringDep,
    request: Request,
    token: str,
    command: Annotated[NewPassword, Form()],
) -> Response:
    """Set the new password; the link works only once, and the person then signs in."""
    service.set_password(db, keyring, token, command, new_hash, origin=origin_of(request))
    return redirect_after_post(f"{PATH}?fait=change")
