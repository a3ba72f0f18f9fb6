"""The report of the checks as JSON: the contract of ``doctor --json`` and of ``/health/ready`` (docs/operate.md)."""

from typing import Any

from app.platform.messages.i18n import explain
from app.platform.observability.checks import Finding, Report, Result

FORMAT = 1
"""Counts changes of the contract that break whoever reads it: a name gone, another meaning."""


def document(report: Report, *, version: str) -> dict[str, Any]:
    """Return the whole report."""
    return {
        "format": FORMAT,
        "version": version,
        "at": report.at.isoformat(timespec="seconds"),
        "status": status(report),
        "checks": [_result(result) for result in report.results],
    }


def summary(report: Report) -> dict[str, Any]:
    """Return what anyone may know: whether requests are served, and the names of the checks that fail."""
    return {"status": status(report), "failing": report.failing, "degraded": report.degraded}


def status(report: Report) -> str:
    """Return ``failing`` when requests cannot be served, ``degraded`` when something else fails, else ``ok``."""
    return "failing" if report.failing else "degraded" if report.degraded else "ok"


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.check.name,
        "critical": result.check.is_critical,
        "ok": None if result.findings is None else not result.findings,
        "findings": [_finding(finding) for finding in result.findings or ()],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.reason.code,
        "params": dict(finding.reason.params),
        "message": explain(finding.reason),
        "since": None if finding.since is None else finding.since.isoformat(timespec="seconds"),
        "command": finding.command,
    }
