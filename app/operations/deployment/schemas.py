"""Read models of the state of the deployment."""

from datetime import datetime

from app.operations.deployment.enums import CheckState, ServiceStatus
from app.platform.schema import Read


class FindingShown(Read):
    """What is wrong, since when where it is known, and the command that mends it where there is one."""

    code: str
    message: str
    since: datetime | None
    command: str | None


class CheckShown(Read):
    """A check; requests are not served while one that is ``critical`` fails."""

    name: str
    critical: bool
    state: CheckState
    findings: tuple[FindingShown, ...]


class ServiceState(Read):
    """How the service runs, as ``escouade doctor`` says it, and the version of the program."""

    at: datetime
    version: str
    status: ServiceStatus
    checks: tuple[CheckShown, ...]

    @property
    def failing(self) -> tuple[CheckShown, ...]:
        """The checks that fail, those that keep requests from being served first."""
        failing = [check for check in self.checks if check.state is CheckState.FAILING]
        return tuple(sorted(failing, key=lambda check: not check.critical))


class RecordState(Read):
    """The hash chain of the audit record: how many links it has, its end (``anchor``, ``seq:mac``), what is not sealed.

    ``checked_at`` is when the whole chain was last verified.
    """

    links: int
    anchor: str | None
    sealed_at: datetime | None
    unsealed: int
    unsealed_since: datetime | None
    checked_at: datetime | None


class StorageState(Read):
    """The files of the service, and the disk that they are on; ``free`` and ``total`` are its bytes.

    A bucket has no disk. What the files are is ``None`` where the folder or the bucket does not answer.
    """

    folder: str
    is_bucket: bool
    is_writable: bool
    files: int | None
    bytes: int | None
    is_estimate: bool
    free: int | None
    total: int | None


class SettingShown(Read):
    """A setting in force: the variable that sets it, what it means, and its value unless it is secret or not set."""

    variable: str
    meaning: str
    value: str | None
    is_set: bool
    is_default: bool
    is_secret: bool


class SettingsInForce(Read):
    """The settings in force in the process that answers."""

    items: tuple[SettingShown, ...]
