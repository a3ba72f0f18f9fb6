"""JSON routes for the state of the deployment."""

from typing import Annotated

from fastapi import APIRouter

from app.operations.deployment import service
from app.operations.deployment.schemas import RecordState, ServiceState, SettingsInForce, StorageState
from app.operations.deployment.settings_shown import settings_in_force
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import CommandChecksDep, JobsDep, ReportDep, SessionDep, SettingsDep

router = APIRouter(tags=["operations"])
MayOperate = Annotated[Actor, may(P.SERVICE_OPERATE)]


@router.get("/operations/checks", summary="Checks of the service")
def read_checks(_: MayOperate, report: ReportDep, others: CommandChecksDep) -> ServiceState:
    """Return what the checks of the service say; those that `escouade doctor` alone runs are only named."""
    return service.service_state(report, others)


@router.get("/operations/record", summary="Hash chain of the audit record")
def read_record(_: MayOperate, db: SessionDep, report: ReportDep, jobs: JobsDep) -> RecordState:
    """Return how the hash chain stands, and its end, to be kept elsewhere."""
    return service.record_state(db, report, jobs)


@router.get("/operations/storage", summary="Files and disk")
def read_storage(_: MayOperate, settings: SettingsDep, report: ReportDep) -> StorageState:
    """Return what the file store holds, whether it can be written, and the room that its disk has."""
    return service.storage_state(settings, report)


@router.get("/operations/settings", summary="Settings in force")
def read_settings(_: MayOperate, settings: SettingsDep) -> SettingsInForce:
    """Return each setting with what it means; of one that holds a secret, only whether it is set."""
    return settings_in_force(settings)
