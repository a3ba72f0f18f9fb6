"""JSON endpoint that brings a list of people into a cohort."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.imports import service
from app.cohorts.imports.schemas import PeopleToAdd
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.identity.imports.schemas import AddedPeople
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)


@router.post("/cohorts/{cohort_id}/people")
def add_people(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    settings: SettingsDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.ENROLMENT_MANAGE)],
    command: PeopleToAdd,
) -> AddedPeople:
    """Invite people to apply to a cohort, and have trainers of the college train it: all rows or none.

    Sent twice, nobody is invited twice. A dry run says what each row would do. 422 with a reason for each row that is
    to be corrected, or whose person may be one whom the college knows: answer with `is_same` or `is_another`.
    """
    return service.add_people_of_program(db, actor, cohort, command, site=settings.base_url)
