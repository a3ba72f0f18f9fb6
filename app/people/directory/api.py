"""JSON routes for the people of a college."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.people.directory import service
from app.people.directory.schemas import PeoplePage, PeopleQuery
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["people"], route_class=IdempotentRoute)


@router.get("/colleges/{college_id}/people", summary="People of a college")
def people(
    college: Annotated[CollegeShown, seen(see_college, P.PEOPLE_READ)],
    db: SessionDep,
    query: Annotated[PeopleQuery, Query()],
) -> PeoplePage:
    """Return everyone who has a role or an enrolment in the college, by name."""
    return service.people_of(db, college, query)
