"""The administrator's first page, and the pages of the state of the deployment."""

from typing import Annotated

from fastapi import Request, Response

from app.operations.deployment import service
from app.operations.deployment.settings_shown import settings_in_force
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import CommandChecksDep, JobsDep, ReportDep, SessionDep, SettingsDep
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import render

router = page_router()
MayOperate = Annotated[Actor, may(P.SERVICE_OPERATE)]
PATH = "/administration"


@router.get(PATH)
def administration_page(_: MayOperate, request: Request, report: ReportDep, others: CommandChecksDep) -> Response:
    """Show what needs attention, and where the service is administered."""
    return render(request, "operations/administration.html", service=service.service_state(report, others))


@router.get(PATH + "/verifications")
def checks_page(_: MayOperate, request: Request, report: ReportDep, others: CommandChecksDep) -> Response:
    """Show each check: its state, since when, what it means and what to do."""
    return render(request, "operations/checks.html", service=service.service_state(report, others))


@router.get(PATH + "/registre")
def record_page(_: MayOperate, db: SessionDep, request: Request, report: ReportDep, jobs: JobsDep) -> Response:
    """Show how the hash chain of the audit record stands."""
    return render(request, "operations/record.html", record=service.record_state(db, report, jobs))


@router.get(PATH + "/fichiers")
def storage_page(_: MayOperate, settings: SettingsDep, request: Request, report: ReportDep) -> Response:
    """Show what the file store holds, and the room that is left."""
    return render(request, "operations/storage.html", storage=service.storage_state(settings, report))


@router.get(PATH + "/reglages")
def settings_page(_: MayOperate, settings: SettingsDep, request: Request) -> Response:
    """Show the settings in force, without secrets."""
    return render(request, "operations/settings.html", settings=settings_in_force(settings).items)
