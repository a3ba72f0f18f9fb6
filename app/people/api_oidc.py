"""The sign-in services of a college, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Request, Response, status

from app.access import Actor, P, may
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.network import service as network
from app.people import service_oidc_providers as service
from app.people.schemas_oidc import NewProvider, ProviderList, ProviderShown

router = APIRouter(tags=["people"], route_class=OnceRoute)
Managing = Annotated[Actor, may(P.PEOPLE_MANAGE)]


@router.get("/colleges/{college_id}/oidc-providers", summary="Sign-in services of a college")
def read_providers(actor: Managing, session: SessionDep, college_id: int) -> ProviderList:
    """OpenID Connect issuers through which the college's people may sign in; never a secret."""
    college = network.see_college(session, actor, college_id)
    return ProviderList(items=service.providers_of(session, college))


@router.post(
    "/colleges/{college_id}/oidc-providers", status_code=status.HTTP_201_CREATED, summary="Offer a sign-in service"
)
def set_provider(
    actor: Managing, session: SessionDep, request: Request, college_id: int, command: NewProvider
) -> ProviderShown:
    """Offered once its issuer answers by its own name; known already, its label and secret are replaced."""
    state = request.app.state
    college = network.see_college(session, actor, college_id)
    return service.set_provider(session, state.settings, state.keyring, college, command)


@router.delete(
    "/oidc-providers/{provider_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Offer a sign-in service no more"
)
def end_provider(actor: Managing, session: SessionDep, provider_id: int) -> Response:
    """Nobody signs in through it from now on; what is linked stays linked, for the day it is offered again."""
    service.end_provider(session, service.see_provider(session, actor, provider_id))
    return Response(status_code=status.HTTP_204_NO_CONTENT)
