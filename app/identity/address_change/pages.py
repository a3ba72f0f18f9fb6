"""The pages of the change of one's own address: the request, on the page of security, and what its link opens."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.identity.account.present_password import compared
from app.identity.address_change import service
from app.identity.address_change.schemas import ChangeAddress
from app.identity.address_change.service import PATH
from app.identity.sign_in.proofs import PasswordCheck
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
SECURITY = "/securite"

PRIVATE_HEADERS = {"X-Robots-Tag": "noindex, nofollow", "Referrer-Policy": "no-referrer"}
"""Headers of a page whose address holds a secret: no indexing, no referrer."""


@router.post(PATH, dependencies=[form_on(SECURITY)])
def ask_change(
    check: Annotated[PasswordCheck, compared(Annotated[ChangeAddress, Form()])],
    actor: MayManageSelf,
    db: SessionDep,
    *,
    settings: SettingsDep,
    keyring: KeyringDep,
    command: Annotated[ChangeAddress, Form()],
) -> Response:
    """Send a link to the new address."""
    service.ask_change(db, keyring, actor, command, check, site=settings.base_url)
    return redirect_after_post(f"{SECURITY}#adresse")


@router.get(PATH + "/{token}")
def confirmation_page(actor: MayManageSelf, db: SessionDep, request: Request, token: str) -> Response:
    """Show the address that the link confirms; opening the page does not use it up."""
    page = render(
        request, "people/address_change.html", email=service.read_link(db, actor, token), address=f"{PATH}/{token}"
    )
    page.headers.update(PRIVATE_HEADERS)
    return page


@router.post(PATH + "/{token}", dependencies=[form_on(PATH + "/{token}")])
def confirm_change(actor: MayManageSelf, db: SessionDep, token: str) -> Response:
    """Make the address the account's."""
    service.confirm_change(db, actor, token)
    return redirect_after_post(f"{SECURITY}#adresse")
