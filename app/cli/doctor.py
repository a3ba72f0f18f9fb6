"""``escouade doctor``: what this deployment has, what it lacks, and the command that mends it."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import OperationalError

from app.curricula.library import DEFAULT_ROOT, check
from app.deployment import current, deployment, head, role_reasons, server_url, unreachable
from app.platform.config import Settings, settings, unsafe
from app.platform.database.embedded import EmbeddedError
from app.platform.documents.pades import faults
from app.platform.documents.pdf import check_engine, check_fonts
from app.platform.errors import Reason, Unavailable
from app.platform.messages.i18n import explain, explain_error, t
from app.platform.messages.outbox import has_post_office, waiting
from app.platform.security.keyring import weaknesses
from app.progress.service import mismatches

Check = Callable[[], Iterator[str]]
KEYRING = "ESCOUADE_KEYRING"
SIGNING = "ESCOUADE_SIGNING"


def doctor(
    progress: Annotated[bool, typer.Option("--progress", help=t("cli.doctor.progress"))] = False,
) -> None:
    """Check everything; exit 1 when anything is wrong."""
    chosen = settings()
    checks: dict[str, Check] = {
        "settings": lambda: _explained([r for r in unsafe(chosen) if r.field not in {KEYRING, SIGNING}]),
        "keyring": lambda: _keyring(chosen),
        "database": lambda: _database(chosen),
        "mail": lambda: _mail(chosen),
        "curricula": _curricula,
        "pdf": lambda: _explained(check_engine()),
        "fonts": lambda: _explained(check_fonts()),
        "signing": lambda: _explained(list(faults(chosen.signing))),
    }
    if unsafe(chosen):
        del checks["database"], checks["mail"]  # such settings are not even tried
    elif progress:
        checks["projection"] = lambda: _progress(chosen)
    console = Console(highlight=False)
    wrong = 0
    for name, run in checks.items():
        found = list(run())
        wrong += bool(found)
        console.print(f"{'✗' if found else '✓'} {t(f'cli.doctor.{name}')}")
        for line in found:
            console.print(f"    {line}", soft_wrap=True)
    raise typer.Exit(1 if wrong else 0)


def _keyring(chosen: Settings) -> Iterator[str]:
    """Outside production a keyring that is not there yet is made at the first need."""
    missing = not chosen.keyring_file.exists()
    return _explained([] if missing and chosen.environment != "production" else list(weaknesses(chosen.keyring_file)))


def _explained(reasons: list[Reason]) -> Iterator[str]:
    return (explain(reason) for reason in reasons)


def _database(chosen: Settings) -> Iterator[str]:
    try:
        with server_url(chosen) as url:
            if chosen.database_url is not None:
                yield from _explained(role_reasons(url))
                if current(url) != head():
                    yield explain(Reason("not_migrated"))
    except EmbeddedError as error:
        yield t(error.code, **error.params)
    except OperationalError as error:
        yield unreachable(error)


def _mail(chosen: Settings) -> Iterator[str]:
    """Whether letters leave: a server to take them, and none that waits for long."""
    if not has_post_office(chosen):
        yield explain(Reason("mail_server_missing", field="ESCOUADE_SMTP_URL"))
    if chosen.database_url is not None:
        with suppress(OperationalError):  # said of the database already
            if current(chosen.database_url) == head():
                yield from _explained(waiting(chosen.database_url))


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
