"""JSON routes for one's own API tokens."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from app.identity.api_tokens import service
from app.identity.api_tokens.schemas import NewToken, TokenCreated, Tokens
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]


@router.get("/me/api-tokens", summary="One's API tokens")
def tokens(actor: MayManageSelf, db: SessionDep) -> Tokens:
    """Return the tokens that are still valid, without their secrets."""
    return service.tokens(db, actor)


@router.post("/me/api-tokens", status_code=status.HTTP_201_CREATED, summary="Create an API token")
def create_token(actor: MayManageSelf, db: SessionDep, command: NewToken) -> TokenCreated:
    """Create a named token, limited to some of one's own permissions and expiring; its secret is shown once."""
    return service.create_token(db, actor, command)


@router.delete("/me/api-tokens/{token_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Revoke an API token")
def end_token(actor: MayManageSelf, db: SessionDep, token_id: int) -> Response:
    """Revoke the token: it is refused from now on."""
    service.end_token(db, actor, token_id)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
