"""A forgotten password: the form that asks for a letter, and the page that its link opens."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response

from app.identity.password_reset import service
from app.identity.password_reset.schemas import AskReset, NewPassword, ResetShown
from app.identity.password_reset.service import PATH
from app.platform.errors import Invalid
from app.platform.security.guards import OptionalActor
from app.platform.security.rate_limit import origin_of
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""What an address that holds a secret asks of browsers and of robots."""


@router.get(PATH)
def ask_page(
    _: OptionalActor, request: Request, fait: Annotated[Literal["demande", "change"] | None, Query()] = None
) -> Response:
    """The form; or what was just done."""
    return render(request, "people/reset_ask.html", done=fait)


@router.post(PATH)
def ask(_: OptionalActor, db: SessionDep, request: Request, command: Annotated[AskReset, Form()]) -> Response:
    """A letter, if there is an account; the same answer for any address."""
    state = request.app.state
    service.ask(db, state.keyring, command, origin=origin_of(request), site=state.settings.base_url)
    return redirect_after_post(f"{PATH}?fait=demande")


@router.get(PATH + "/{token}")
def password_page(_: OptionalActor, db: SessionDep, request: Request, token: str) -> Response:
    """The new password's form; opening it consumes nothing."""
    return _form(request, service.read(db, request.app.state.keyring, token, origin=origin_of(request)), token)


@router.post(PATH + "/{token}")
def set_password(
    _: OptionalActor, db: SessionDep, request: Request, token: str, command: Annotated[NewPassword, Form()]
) -> Response:
    """Another password, and a new sign-in with it; a second time the letter has served."""
    keyring, origin = request.app.state.keyring, origin_of(request)
    try:
        service.set_password(db, keyring, token, command, origin=origin)
    except Invalid as refusal:
        return _form(request, service.read(db, keyring, token, origin=origin), token, refusal=refusal)
    return redirect_after_post(f"{PATH}?fait=change")


def _form(request: Request, shown: ResetShown, token: str, *, refusal: Invalid | None = None) -> Response:
    page = render(
        request,
        "people/reset.html",
        status=refusal.status if refusal is not None else 200,
        shown=shown,
        address=f"{PATH}/{token}",
        reasons=refusal.reasons if refusal is not None else (),
    )
    page.headers.update(PRIVATE)
    return page
