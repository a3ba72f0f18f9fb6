"""Signing in for programs, who one is, and the people of a college."""

from typing import Annotated

from fastapi import APIRouter

from app.overview.home import service
from app.overview.home.schemas import Me
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["people"], route_class=OnceRoute)


@router.get("/me", summary="Who is signed in")
def me(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> Me:
    """The person, with the roles they hold and where."""
    return service.me(db, actor)
