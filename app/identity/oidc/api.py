"""JSON routes for a college's sign-in services (OpenID Connect providers)."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from app.identity.oidc import providers
from app.identity.oidc.providers import see_provider
from app.identity.oidc.schemas import NewProvider, ProviderList, ProviderRef, ProviderShown
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)
ManagedCollege = Annotated[CollegeShown, seen(see_college, P.PEOPLE_MANAGE)]


@router.get("/colleges/{college_id}/oidc-providers", summary="Sign-in services of a college")
def read_providers(college: ManagedCollege, db: SessionDep) -> ProviderList:
    """Return the OpenID Connect providers through which the college's people may sign in, without their secrets."""
    return ProviderList(items=providers.providers_of(db, college))


@router.post(
    "/colleges/{college_id}/oidc-providers", status_code=status.HTTP_201_CREATED, summary="Add a sign-in service"
)
def set_provider(
    college: ManagedCollege, db: SessionDep, settings: SettingsDep, keyring: KeyringDep, command: NewProvider
) -> ProviderShown:
    """Add a provider once its issuer answers with its own name; an existing one gets the new label and secret."""
    return providers.set_provider(db, settings, keyring, college, command)


@router.delete(
    "/oidc-providers/{provider_id}", status_code=status.HTTP_204_NO_CONTENT, summary="Remove a sign-in service"
)
def end_provider(provider: Annotated[ProviderRef, seen(see_provider, P.PEOPLE_MANAGE)], db: SessionDep) -> Response:
    """Stop sign-ins through the provider; linked identities stay linked, in case it is added again."""
    providers.end_provider(db, provider)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
