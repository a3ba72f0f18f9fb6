"""One's own account for programs: devices, password, second factor, API tokens; and the suspension of accounts."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from app.identity.api_tokens import service
from app.identity.api_tokens.schemas import NewToken, TokenMade, Tokens
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["people"], route_class=OnceRoute)
Mine = Annotated[Actor, may(P.ME_MANAGE)]


# API tokens -------------------------------------------------------------------------------------


@router.get("/me/api-tokens", summary="One's API tokens")
def tokens(actor: Mine, db: SessionDep) -> Tokens:
    """Those that still open something, without their secrets."""
    return service.tokens(db, actor)


@router.post("/me/api-tokens", status_code=status.HTTP_201_CREATED, summary="Make an API token")
def make_token(actor: Mine, db: SessionDep, command: NewToken) -> TokenMade:
    """Named, limited to some of what one may do, ending; its secret is shown once."""
    return service.make(db, actor, command)


@router.delete("/me/api-tokens/{token_id}", status_code=status.HTTP_204_NO_CONTENT, summary="End an API token")
def end_token(actor: Mine, db: SessionDep, token_id: int) -> Response:
    """It is refused from now on."""
    service.end(db, actor, token_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
