"""The JSON route that returns who is signed in."""

from typing import Annotated

from fastapi import APIRouter

from app.overview.home import service
from app.overview.home.schemas import Me
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)


@router.get("/me", summary="Who is signed in")
def me(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> Me:
    """Return the signed-in person, their roles and where they hold each."""
    return service.me(db, actor)
