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
