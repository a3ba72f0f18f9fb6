"""JSON endpoints of the announcements of a cohort."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.cohorts.announcements import service
from app.cohorts.announcements.schemas import (
    AnnouncementPage,
    AnnouncementPreview,
    AnnouncementsApiQuery,
    SendAnnouncement,
)
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["cohorts"], route_class=IdempotentRoute)
ManagedCohort = Annotated[CohortRef, seen(see_cohort, P.COHORT_MANAGE)]


@router.get("/cohorts/{cohort_id}/announcements")
def list_announcements(
    db: SessionDep, cohort: ManagedCohort, query: Annotated[AnnouncementsApiQuery, Query()]
) -> AnnouncementPage:
    """Return the announcements that were sent to a cohort, newest first."""
    return service.announcements(db, cohort, query)


@router.post(
    "/cohorts/{cohort_id}/announcements",
    status_code=HTTPStatus.CREATED,
    responses={200: {"description": "What a dry run would send: nothing is sent"}},
)
def send_announcement(
    response: Response,
    actor: Annotated[Actor, may(P.COHORT_MANAGE)],
    db: SessionDep,
    settings: SettingsDep,
    cohort: ManagedCohort,
    *,
    command: SendAnnouncement,
) -> AnnouncementPreview:
    """Write to everyone who follows or trains a cohort; a dry run says what they would read, and who they are.

    What was sent cannot be recalled. 409 `announcement_reaches_nobody`, `cohort_archived`.
    """
    if command.dry_run:
        response.status_code = HTTPStatus.OK
        return service.preview(db, actor, cohort, command, site=settings.base_url)
    return service.send(db, actor, cohort, command, site=settings.base_url)
