"""``escouade doctor``: run every check of the deployment, and print what is wrong with the command that mends it."""

import json
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console

from app import __version__
from app.deployment import CHECKS, PROGRESS, load_keyring, server_addresses
from app.platform.config import Settings, settings, unsafe_settings
from app.platform.database.embedded import EmbeddedError
from app.platform.database.transaction import Addresses
from app.platform.errors import Reason, Unavailable
from app.platform.messages.i18n import clock, day, explain, local, t
from app.platform.observability.checks import DATABASE, Finding, Report, Result, run_checks
from app.platform.observability.reports import document
from app.platform.security.keyring import KeyPurpose


def doctor(
    progress: Annotated[bool, typer.Option("--progress", help=t("cli.doctor.progress"))] = False,
    as_json: Annotated[bool, typer.Option("--json", help=t("cli.doctor.json"))] = False,
) -> None:
    """Run every check; exit 1 when one fails; logs are for the JSON, not among lines for people."""
    with nullcontext() if as_json else _without_logs():
        report = examine(settings(), progress=progress)
    if as_json:
        typer.echo(json.dumps(document(report, version=__version__), ensure_ascii=False, indent=1))
    else:
        _print(report)
    raise typer.Exit(1 if any(result.is_failing for result in report.results) else 0)


@contextmanager
def _without_logs() -> Iterator[None]:
    logger = logging.getLogger("escouade.checks")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def examine(chosen: Settings, *, progress: bool) -> Report:
    """Return the report of every check; with unsafe settings no connection is made."""
    checks = (*CHECKS, PROGRESS) if progress else CHECKS
    if unsafe_settings(chosen):
        return run_checks(chosen, None, checks)
    with ExitStack() as stack:
        try:
            addresses = stack.enter_context(server_addresses(chosen))
        except EmbeddedError as error:
            report = run_checks(chosen, None, checks)
            failed = Result(DATABASE, (Finding(Reason("embedded_failed", {"detail": t(error.code, **error.params)})),))
            return replace(report, results=tuple(failed if r.check is DATABASE else r for r in report.results))
        return run_checks(chosen, _with_key(chosen, addresses), checks)


def _with_key(chosen: Settings, addresses: Addresses) -> Addresses:
    try:
        return replace(addresses, claim_key=load_keyring(chosen).derived(KeyPurpose.CLAIMS))
    except Unavailable:  # the check of the keyring says it
        return addresses


def _print(report: Report) -> None:
    console = Console(highlight=False)
    for result in report.results:
        sign = "–" if result.findings is None else "✗" if result.is_failing else "✓"
        console.print(f"{sign} {t(f'check.{result.check.name}')}")
        for finding in result.findings or ():
            for line in _lines(finding):
                console.print(f"    {line}", soft_wrap=True)


def _lines(finding: Finding) -> Iterator[str]:
    yield explain(finding.reason)
    if finding.since is not None:
        yield t("cli.doctor.since", day=day(local(finding.since)), clock=clock(finding.since))
    if finding.command is not None:
        yield t("cli.doctor.command", command=finding.command)
