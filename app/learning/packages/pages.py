"""Packages to take away, downloaded from the pages of an activity and of a path."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.learning.activities.paths import ACTIVITY
from app.learning.packages import service
from app.learning.packages.download import package_response
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep

router = APIRouter(include_in_schema=False)


@router.get(ACTIVITY + "/paquet")
def activity_package(
    *,
    request: Request,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    actor: Annotated[Actor, may(P.EVIDENCE_READ)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)],
    code: str,
) -> Response:
    """Download an activity to take away."""
    site, megabytes = settings.base_url, settings.upload_megabytes
    package = service.activity_package(db, actor, enrolment, code, site=site, megabytes=megabytes)
    return package_response(request, package, files)


@router.get("/parcours/{enrolment_id}/modules/{code}/paquet")
def module_package(
    *,
    request: Request,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    actor: Annotated[Actor, may(P.EVIDENCE_READ)],
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)],
    code: str,
) -> Response:
    """Download a module to take away."""
    site, megabytes = settings.base_url, settings.upload_megabytes
    package = service.module_package(db, actor, enrolment, code, site=site, megabytes=megabytes)
    return package_response(request, package, files)
