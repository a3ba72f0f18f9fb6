"""The wait of attempts from a network address of which many failed: guessing is slow, and nobody is refused.

The wait comes before anything else of the request: no database connection, place in the pool or thread is held during
it. Right and wrong attempts wait alike, so that an answer tells nothing sooner.
"""

from functools import cache

import anyio
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.params import Depends as DependsParam

from app.platform.security.rate_limit import RateLimitScope, failures_from, has_failed, origin_of
from app.platform.web.deps import database_of, keyring_of

FREE_FAILURES = 30
"""Failures from one address within the window that slow nothing."""
STEP_SECONDS = 0.1
"""How much each further failure adds to the wait."""
LONGEST_SECONDS = 3.0
MOST_FAILURES = FREE_FAILURES + round(LONGEST_SECONDS / STEP_SECONDS)
"""Beyond this many failures the wait no longer grows."""


def seconds_to_wait(failures: int) -> float:
    """Return how long an attempt waits after so many failures from its network address."""
    return min(LONGEST_SECONDS, STEP_SECONDS * max(0, failures - FREE_FAILURES))


@cache
def slowed(scope: RateLimitScope) -> DependsParam:
    """Return the dependency that makes attempts wait: ``dependencies=[slowed(RateLimitScope.SIGN_IN)]`` of a route."""

    async def wait(request: Request) -> None:
        database, keyring = database_of(request), keyring_of(request)
        if not has_failed(keyring, origin_of(request)):
            return
        async with database.admission.place():
            failures = await run_in_threadpool(
                failures_from, database, keyring, scope, origin_of(request), most=MOST_FAILURES
            )
        if seconds := seconds_to_wait(failures):
            await anyio.sleep(seconds)

    dependency: DependsParam = Depends(wait)
    return dependency
