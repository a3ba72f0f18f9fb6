"""Packages to take away, downloaded by a program."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.packages import service
from app.learning.packages.download import ZIP, package_response
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download

router = APIRouter(tags=["learning"], route_class=IdempotentRoute)

PACKAGE = download(ZIP, "A ZIP, streamed: pages in HTML that need no network, and documents") | {
    304: {"description": "Not changed since the ETag that was sent"}
}


@router.get(
    "/enrolments/{enrolment_id}/activities/{code}/package",
    summary="Take an activity away",
    response_class=StreamingResponse,
    responses=PACKAGE,
)
def read_activity_package(
    *,
    request: Request,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    actor: Annotated[Actor, may(P.EVIDENCE_READ)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)],
    code: str,
) -> Response:
    """Its instructions, what is due and when, and the documents of its workshop, up to 20 MB; no work of anybody."""
    site, megabytes = settings.base_url, settings.upload_megabytes
    package = service.activity_package(db, actor, enrolment, code, site=site, megabytes=megabytes)
    return package_response(request, package, files)


@router.get(
    "/enrolments/{enrolment_id}/modules/{code}/package",
    summary="Take a module away",
    response_class=StreamingResponse,
    responses=PACKAGE,
)
def read_module_package(
    *,
    request: Request,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    actor: Annotated[Actor, may(P.EVIDENCE_READ)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)],
    code: str,
) -> Response:
    """A page for each of its activities, a first page that leads to them, and their documents, up to 20 MB in all."""
    site, megabytes = settings.base_url, settings.upload_megabytes
    package = service.module_package(db, actor, enrolment, code, site=site, megabytes=megabytes)
    return package_response(request, package, files)
