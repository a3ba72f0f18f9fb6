"""The sign-in services of a college, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Request, Response, status

from app.identity.oidc import providers
from app.identity.oidc.schemas import NewProvider, ProviderList, ProviderShown
from app.network import service as network
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["people"], route_class=OnceRoute)
Managing = Annotated[Actor, may(P.PEOPLE_MANAGE)]


@router.get("/colleges/{college_id}/oidc-providers", summary="Sign-in services of a college")
def read_providers(actor: Managing, db: SessionDep, college_id: int) -> ProviderList:
    """OpenID Connect issuers through which the college's people may sign in; never a secret."""
    college = network.see_college(db, actor, college_id)
    return ProviderList(items=providers.providers_of(db, college))


@router.post(
    "/colleges/{college_id}/oidc-providers", status_code=status.HTTP_201_CREATED, summary="Offer a sign-in service"
)
def set_provider(
    actor: Managing, db: SessionDep, request: Request, college_id: int, command: NewProvider
) -> ProviderShown:
    """Offered once its issuer answers by its own name; known already, its label and secret are replaced."""
    state = request.app.state
    college = network.see_college(db, actor, college_id)
    return providers.set_provider(db, state.settings, state.keyring, college, command)


@router.delete(
    "/oidc-providers/{provider_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Offer a sign-in service no more"
)
def end_provider(actor: Managing, db: SessionDep, provider_id: int) -> Response:
    """Nobody signs in through it from now on; what is linked stays linked, for the day it is offered again."""
    providers.end_provider(db, providers.see_provider(db, actor, provider_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)
