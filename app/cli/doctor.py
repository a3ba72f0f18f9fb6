"""``escouade doctor``: check the deployment, and print each problem with the command that solves it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import OperationalError

from app.cli.failures import unreachable
from app.curricula.library import DEFAULT_ROOT, check
from app.deployment import current, deployment, head, server_addresses
from app.platform.config import Settings, settings, unsafe_settings
from app.platform.database.embedded import EmbeddedError
from app.platform.database.login_role import role_reasons, role_setting_reasons
from app.platform.documents.pades import signing_key_problems
from app.platform.documents.pdf import check_engine, check_fonts
from app.platform.errors import Reason, Unavailable
from app.platform.messages.i18n import explain, explain_error, t
from app.platform.messages.outbox import can_send, delivery_problems
from app.platform.messages.smtp import server_problems
from app.platform.security.keyring import weaknesses
from app.progress.service import mismatches

Check = Callable[[], Iterator[str]]
KEYRING = "ESCOUADE_KEYRING"
SIGNING = "ESCOUADE_SIGNING"


def doctor(
    progress: Annotated[bool, typer.Option("--progress", help=t("cli.doctor.progress"))] = False,
) -> None:
    """Run every check; exit 1 when one fails."""
    chosen = settings()
    checks: dict[str, Check] = {
        "settings": lambda: _explained([r for r in unsafe_settings(chosen) if r.field not in {KEYRING, SIGNING}]),
        "keyring": lambda: _keyring(chosen),
        "database": lambda: _database(chosen),
        "mail": lambda: _mail(chosen),
        "curricula": _curricula,
        "pdf": lambda: _explained(check_engine()),
        "fonts": lambda: _explained(check_fonts()),
        "signing": lambda: _explained(list(signing_key_problems(chosen.signing))),
    }
    if unsafe_settings(chosen):
        del checks["database"], checks["mail"]  # no connection is made with unsafe settings
    elif progress:
        checks["projection"] = lambda: _progress(chosen)
    console = Console(highlight=False)
    failed = 0
    for name, run in checks.items():
        problems = list(run())
        failed += bool(problems)
        console.print(f"{'✗' if problems else '✓'} {t(f'cli.doctor.{name}')}")
        for line in problems:
            console.print(f"    {line}", soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


def _keyring(chosen: Settings) -> Iterator[str]:
    """Yield the keyring's weaknesses; outside production a missing one is no problem: it is created when needed."""
    missing = not chosen.keyring_file.exists()
    return _explained([] if missing and chosen.environment != "production" else list(weaknesses(chosen.keyring_file)))


def _explained(reasons: list[Reason]) -> Iterator[str]:
    return (explain(reason) for reason in reasons)


def _database(chosen: Settings) -> Iterator[str]:
    try:
        with server_addresses(chosen) as addresses:
            if chosen.database_url is not None:
                yield from _explained(role_reasons(addresses.url) + role_setting_reasons(addresses.url))
                if current(addresses.url) != head():
                    yield explain(Reason("not_migrated"))
    except EmbeddedError as error:
        yield t(error.code, **error.params)
    except OperationalError as error:
        yield unreachable(error)


def _mail(chosen: Settings) -> Iterator[str]:
    """Yield the problems of e-mail delivery: no mail server, one that fails, or messages that have waited too long."""
    if not can_send(chosen):
        yield explain(Reason("mail_server_missing", field="ESCOUADE_SMTP_URL"))
    if chosen.smtp_url is not None:
        yield from _explained(server_problems(chosen.smtp_url))
    if chosen.database_owner_url is not None:
        with suppress(OperationalError):  # the database check reports it
            if current(chosen.database_owner_url) == head():
                yield from _explained(delivery_problems(chosen.database_owner_url))


def _curricula() -> Iterator[str]:
    return (str(problem) for problem in check(DEFAULT_ROOT)[1])


def _progress(chosen: Settings) -> Iterator[str]:
    try:
        with deployment(chosen) as database, database.as_owner() as db:
            for enrolment_id in mismatches(db):
                yield explain(Reason("progress_differs", {"enrolment": enrolment_id}))
    except OperationalError as error:
        yield unreachable(error)
    except Unavailable as error:
        yield explain_error(error)
