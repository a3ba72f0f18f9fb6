"""A forgotten password: the form that asks for a letter, and the page that its link opens."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request, Response

from app.access import Anyone
from app.db import SessionDep
from app.errors import Invalid
from app.people import service_reset as service
from app.people.schemas_invitations import AskReset, NewPassword, ResetShown
from app.people.service_reset import PATH
from app.people.service_throttle import origin_of
from app.web import render, see_other

router = APIRouter(include_in_schema=False)

PRIVATE = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""What an address that holds a secret asks of browsers and of robots."""


@router.get(PATH)
def ask_page(
    _: Anyone, request: Request, fait: Annotated[Literal["demande", "change"] | None, Query()] = None
) -> Response:
    """The form; or what was just done."""
    return render(request, "people/reset_ask.html", done=fait)


@router.post(PATH)
def ask(_: Anyone, session: SessionDep, request: Request, command: Annotated[AskReset, Form()]) -> Response:
    """A letter, if there is an account; the same answer for any address."""
    state = request.app.state
    service.ask(session, state.keyring, command, origin=origin_of(request), site=state.settings.base_url)
    return see_other(f"{PATH}?fait=demande")


@router.get(PATH + "/{token}")
def password_page(_: Anyone, session: SessionDep, request: Request, token: str) -> Response:
    """The new password's form; opening it consumes nothing."""
    return _form(request, service.read(session, request.app.state.keyring, token, origin=origin_of(request)), token)


@router.post(PATH + "/{token}")
def set_password(
    _: Anyone, session: SessionDep, request: Request, token: str, command: Annotated[NewPassword, Form()]
) -> Response:
    """Another password, and a new sign-in with it; a second time the letter has served."""
    ring, origin = request.app.state.keyring, origin_of(request)
    try:
        service.set_password(session, ring, token, command, origin=origin)
    except Invalid as refusal:
        return _form(request, service.read(session, ring, token, origin=origin), token, refusal=refusal)
    return see_other(f"{PATH}?fait=change")


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
