"""The JSON routes that return who is signed in, and what waits for them."""

from typing import Annotated

from fastapi import APIRouter

from app.overview.home import service
from app.overview.home.schemas import Me, WaitingList
from app.overview.home.waiting import waiting_for
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


@router.get("/me/waiting", summary="What waits for who is signed in")
def waiting(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> WaitingList:
    """Return what the signed-in person may act on: counts by kind and place, the most urgent kind first.

    Kinds without lines are those that they may act on and of which nothing waits. The newest 25 cohorts are counted.
    """
    return waiting_for(db, actor)
