"""What a route may ask for: its database session, the settings, the keyring. ``app.state`` is read here alone.

A request is one transaction, committed before its response is sent.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated

from fastapi import Depends, Request

from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring

Authenticate = Callable[[Session, Request], Actor | None]


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


def authenticate_of(request: Request) -> Authenticate:
    """Return how a request is authenticated: ``main.py`` says it, so that the platform imports no feature."""
    authenticate: Authenticate = request.app.state.authenticate
    return authenticate


async def limit_requests(request: Request) -> AsyncIterator[None]:
    """Admit at most as many requests as the pool has connections.

    Threads are not enough of a limit: a guard would hold a connection while its handler waits for a thread.
    """
    async with database_of(request).limiter:
        yield


def get_session(request: Request, _: Annotated[None, Depends(limit_requests, scope="function")]) -> Iterator[Session]:
    """Yield the request's session; the transaction is committed before the response is sent."""
    with database_of(request).transaction() as db:
        yield db


SessionDep = Annotated[Session, Depends(get_session, scope="function")]
SettingsDep = Annotated[Settings, Depends(settings_of)]
KeyringDep = Annotated[Keyring, Depends(keyring_of)]
