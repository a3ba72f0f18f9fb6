"""The dependencies of routes: the database session, the settings, the keyring; the only readers of ``app.state``.

A request is one transaction, committed before its response is sent (docs/decisions/0002).
"""

from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from app.platform.audit.access_log import drop_accesses
from app.platform.config import Settings
from app.platform.database.session import Secret, Session
from app.platform.database.time_limits import REPORT
from app.platform.database.transaction import Database
from app.platform.files.opening import file_store
from app.platform.files.store import FileStore
from app.platform.jobs.job import AnyJob
from app.platform.observability.checks import Check, Report
from app.platform.observability.checkup import Checkup
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring
from app.platform.web.forms import Refusal


@dataclass(frozen=True, slots=True)
class Authentication:
    """How a request is authenticated: the secret that it carries, and whose it is, with their roles."""

    secret: Callable[[Request], Secret | None]
    actor: Callable[[Session, Request], Actor | None]


def database_of(request: Request) -> Database:
    """Return the application's database."""
    database: Database = request.app.state.database
    return database


def settings_of(request: Request) -> Settings:
    """Return the deployment's settings."""
    settings: Settings = request.app.state.settings
    return settings


def keyring_of(request: Request) -> Keyring:
    """Return the keyring that encrypts secrets."""
    keyring: Keyring = request.app.state.keyring
    return keyring


def files_of(request: Request) -> FileStore:
    """Return the store of files."""
    return file_store(settings_of(request))


def authentication_of(request: Request) -> Authentication:
    """Return how a request is authenticated; ``main.py`` sets it, so that no feature is imported here."""
    authentication: Authentication = request.app.state.authentication
    return authentication


def transaction_of(request: Request) -> AbstractContextManager[Session]:
    """Return the transaction of a request, opened with the secret that the request carries."""
    return database_of(request).transaction(secret=authentication_of(request).secret(request))


def report_of(request: Request) -> Report:
    """Return how the deployment stands; ``main.py`` sets the checks, so that no feature is imported here."""
    checkup: Checkup = request.app.state.checkup
    return checkup.report(settings_of(request), database_of(request).addresses)


def command_checks_of(request: Request) -> Sequence[Check]:
    """Return the checks that the command ``escouade doctor`` alone runs."""
    checkup: Checkup = request.app.state.checkup
    return checkup.others


def jobs_of(request: Request) -> Sequence[AnyJob]:
    """Return the declared background jobs; ``main.py`` sets them, so that no feature is imported here."""
    jobs: Sequence[AnyJob] = request.app.state.jobs
    return jobs


def demo_accounts_of(request: Request) -> Sequence[object]:
    """Return the accounts that the sign-in page lists: those of the demo network, none elsewhere."""
    if settings_of(request).environment != "demo":
        return ()
    accounts: Sequence[object] = getattr(request.app.state, "demo_accounts", ())
    return accounts


async def limit_requests(request: Request) -> AsyncIterator[None]:
    """Admit at most as many concurrent requests as the pool has connections, none longer than a few seconds.

    The limit on threads is not enough: a guard would hold a connection while its handler waits for a thread.
    """
    route = request.scope.get("route")
    async with database_of(request).admission.place(route and id(route)):
        yield


def get_session(request: Request, _: Annotated[None, Depends(limit_requests, scope="function")]) -> Iterator[Session]:
    """Yield the request's session; the transaction is committed before the response is sent.

    A page run for a refused form that does not show that form is not sent (``forms/refusals.py``): nobody read it.
    """
    with transaction_of(request) as db:
        yield db
        refusal: Refusal | None = getattr(request.state, "refusal", None)
        if refusal is not None and not refusal.is_shown:
            drop_accesses(db)


def allow_report_time(db: Annotated[Session, Depends(get_session, scope="function")]) -> None:
    """Give the statements of a request the time of a report, which gathers a whole college."""
    db.connection().exec_driver_sql(REPORT.sql)


SessionDep = Annotated[Session, Depends(get_session, scope="function")]
SettingsDep = Annotated[Settings, Depends(settings_of)]
KeyringDep = Annotated[Keyring, Depends(keyring_of)]
FilesDep = Annotated[FileStore, Depends(files_of)]
ReportDep = Annotated[Report, Depends(report_of)]
CommandChecksDep = Annotated[Sequence[Check], Depends(command_checks_of)]
JobsDep = Annotated[Sequence[AnyJob], Depends(jobs_of)]
DemoAccountsDep = Annotated[Sequence[object], Depends(demo_accounts_of)]
