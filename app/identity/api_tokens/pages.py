"""The pages that create and revoke one's own API tokens; a token is shown once, in the response that creates it."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.identity.api_tokens import service
from app.identity.api_tokens.schemas import NewToken
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
PATH = "/securite/jetons"


@router.get(PATH, dependencies=[keyed_page()])
def token_page(actor: MayManageSelf, request: Request) -> Response:
    """Show the form of a new token."""
    permissions = service.grantable_permissions(actor)
    return render(request, "people/security_token.html", grantable_permissions=permissions, created=None)


@router.post(PATH, dependencies=[form_on(PATH, creates=True)])
def create_token(
    actor: MayManageSelf, db: SessionDep, request: Request, command: Annotated[NewToken, Form()]
) -> Response:
    """Create a token and show it once."""
    created = service.create_token(db, actor, command)
    return render(request, "people/security_token.html", grantable_permissions=(), created=created)


@router.post(PATH + "/{token_id}/fin", dependencies=[form_on("/securite")])
def end_token(actor: MayManageSelf, db: SessionDep, token_id: int) -> Response:
    """Revoke a token."""
    service.end_token(db, actor, token_id)
    return redirect_after_post("/securite#jetons")
