"""Reading the state of the deployment."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import text

from app import __version__
from app.operations.deployment.enums import CheckState, ServiceStatus
from app.operations.deployment.schemas import CheckShown, FindingShown, RecordState, ServiceState, StorageState
from app.platform.config import Settings
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow
from app.platform.errors import StorageAway
from app.platform.files.opening import file_store
from app.platform.files.store import FileStore
from app.platform.files.store_size import StoreSize, store_size
from app.platform.jobs.job import AnyJob
from app.platform.jobs.status import jobs_status
from app.platform.messages.i18n import explain
from app.platform.observability import reports
from app.platform.observability.checks import Backlog, Check, Report, Result
from app.platform.observability.storage import BUCKET, STORE

_LAST_SEAL = text("select seq, mac, sealed_at from last_seal()")
CHECK_OF_THE_CHAIN = "check_record"
"""The job that verifies the whole chain every night."""


def service_state(report: Report, others: Iterable[Check]) -> ServiceState:
    """Return the results of the checks that the server runs, then ``others``, which are the command's."""
    run = tuple(_check_shown(result) for result in report.results)
    by_command = tuple(
        CheckShown(name=check.name, critical=check.is_critical, state=CheckState.BY_COMMAND, findings=())
        for check in others
    )
    return ServiceState(
        at=report.at,
        version=__version__,
        status=ServiceStatus(reports.status(report)),
        checks=(*run, *by_command),
    )


def _check_shown(result: Result) -> CheckShown:
    findings = tuple(
        FindingShown(code=f.reason.code, message=explain(f.reason), since=f.since, command=f.command)
        for f in result.findings or ()
    )
    state = CheckState.NOT_RUN if result.findings is None else CheckState.FAILING if findings else CheckState.OK
    return CheckShown(name=result.check.name, critical=result.check.is_critical, state=state, findings=findings)


def record_state(db: Session, report: Report, jobs: Iterable[AnyJob]) -> RecordState:
    """Return how the hash chain of the audit record stands; the caller checks that the actor operates the service."""
    allow(db, Right.OPERATION)
    last = db.execute(_LAST_SEAL).one_or_none()
    waiting = report.backlog.get("unsealed", Backlog(0, None))
    checked = {kind.name: kind.last_run_at for kind in jobs_status(db, jobs).kinds}
    return RecordState(
        links=last.seq if last is not None else 0,
        anchor=f"{last.seq}:{last.mac}" if last is not None else None,
        sealed_at=last.sealed_at if last is not None else None,
        unsealed=waiting.n,
        unsealed_since=waiting.since,
        checked_at=checked.get(CHECK_OF_THE_CHAIN),
    )


def storage_state(settings: Settings, report: Report) -> StorageState:
    """Return what the file store holds, and the room that its disk has."""
    files, is_bucket = file_store(settings), settings.bucket is not None
    is_writable = not any(result.is_failing for result in report.results if result.check in {STORE, BUCKET})
    size = _size_of(files) if is_writable else None
    disk = None if is_bucket else _disk_of(settings.data_dir)
    return StorageState(
        folder=files.place,
        is_bucket=is_bucket,
        is_writable=is_writable,
        files=size.files if size is not None else None,
        bytes=size.bytes if size is not None else None,
        is_estimate=size is not None and size.is_estimate,
        free=disk[0] if disk is not None else None,
        total=disk[1] if disk is not None else None,
    )


def _size_of(files: FileStore) -> StoreSize | None:
    """Return the size of the store; ``None`` when it has gone away since it was checked."""
    try:
        return store_size(files)
    except (OSError, StorageAway):
        return None


def _disk_of(folder: Path) -> tuple[int, int] | None:
    """Return the free bytes and the bytes of the disk that a folder is on; ``None`` when it does not answer."""
    try:
        disk = shutil.disk_usage(folder if folder.is_dir() else folder.parent)
    except OSError:
        return None
    return disk.free, disk.total
