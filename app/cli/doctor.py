"""``escouade doctor``: what this deployment has, what it lacks, and the command that mends it."""

from collections.abc import Callable, Iterator
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import OperationalError

from app.cli.deployment import current, deployment, head, role_reasons, server_url, unreachable
from app.config import Settings, settings, unsafe
from app.curricula.library import DEFAULT_ROOT, check
from app.embedded import EmbeddedError
from app.errors import Reason, Unavailable
from app.pdf import check_engine, check_fonts
from app.progress.service import mismatches
from app.text import explain, explain_error, t

Check = Callable[[], Iterator[str]]


def doctor(
    progress: Annotated[bool, typer.Option("--progress", help=t("cli.doctor.progress"))] = False,
) -> None:
    """Check everything; exit 1 when anything is wrong."""
    chosen = settings()
    checks: dict[str, Check] = {
        "settings": lambda: _explained(unsafe(chosen)),
        "database": lambda: _database(chosen),
        "curricula": _curricula,
        "pdf": lambda: _explained(check_engine()),
        "fonts": lambda: _explained(check_fonts()),
    }
    if unsafe(chosen):
        del checks["database"]  # such settings are not even tried
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


def _curricula() -> Iterator[str]:
    return (str(problem) for problem in check(DEFAULT_ROOT)[1])


def _progress(chosen: Settings) -> Iterator[str]:
    try:
        with deployment(chosen) as database, database.as_owner() as session:
            for enrolment_id in mismatches(session):
                yield explain(Reason("progress_differs", {"enrolment": enrolment_id}))
    except OperationalError as error:
        yield unreachable(error)
    except Unavailable as error:
        yield explain_error(error)
