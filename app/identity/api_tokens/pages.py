"""One's own account on pages: second factor, devices, password, API tokens; and the suspension of accounts.

What is shown once (recovery codes, a token) is the answer to its POST: there is nowhere to go and look at it again.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.identity.api_tokens import service
from app.identity.api_tokens.schemas import NewToken
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)
Mine = Annotated[Actor, may(P.ME_MANAGE)]
MINE = "/securite"


# API tokens -------------------------------------------------------------------------------------


@router.get(MINE + "/jetons")
def token_page(actor: Mine, request: Request) -> Response:
    """The form of a new token."""
    return render(request, "people/security_token.html", grantable=service.grantable(actor), made=None)


@router.post(MINE + "/jetons")
def make_token(actor: Mine, db: SessionDep, request: Request, command: Annotated[NewToken, Form()]) -> Response:
    """The new token, shown once."""
    made = service.make(db, actor, command)
    return render(request, "people/security_token.html", grantable=(), made=made)


@router.post(MINE + "/jetons/{token_id}/fin")
def end_token(actor: Mine, db: SessionDep, token_id: int) -> Response:
    """The token opens nothing from now on."""
    service.end(db, actor, token_id)
    return redirect_after_post(MINE + "#jetons")
