"""Signing in for programs, who one is, and the people of a college."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.people.directory import service
from app.people.directory.schemas import PeoplePage, PeopleQuery
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["people"], route_class=OnceRoute)


@router.get("/colleges/{college_id}/people", summary="People of a college")
def people(
    actor: Annotated[Actor, may(P.PEOPLE_READ)],
    db: SessionDep,
    college_id: int,
    query: Annotated[PeopleQuery, Query()],
) -> PeoplePage:
    """Whoever has a role or an enrolment in the college, by name."""
    return service.people_of(db, actor, college_id, query)
