"""Reading the state of the deployment."""

from collections.abc import Iterable

from app import __version__
from app.operations.deployment.enums import CheckState, ServiceStatus
from app.operations.deployment.schemas import CheckShown, FindingShown, ServiceState
from app.platform.messages.i18n import explain
from app.platform.observability import reports
from app.platform.observability.checks import Check, Report, Result


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
