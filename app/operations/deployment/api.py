"""JSON routes for the state of the deployment."""

from typing import Annotated

from fastapi import APIRouter

from app.operations.deployment import service
from app.operations.deployment.schemas import ServiceState
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import CommandChecksDep, ReportDep

router = APIRouter(tags=["operations"])
MayOperate = Annotated[Actor, may(P.SERVICE_OPERATE)]


@router.get("/operations/checks", summary="Checks of the service")
def read_checks(_: MayOperate, report: ReportDep, others: CommandChecksDep) -> ServiceState:
    """Return what the checks of the service say; those that `escouade doctor` alone runs are only named."""
    return service.service_state(report, others)
