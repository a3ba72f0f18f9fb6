"""Rate limits: failed attempts at each scope, what they block, for whom and for how long."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.deployment import open_database
from app.main import create_app
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.errors import TooMany
from app.platform.jobs.upkeep import sweep_attempts
from app.platform.security.rate_limit import (
    LIMIT,
    SHARED_LIMIT,
    RateLimitScope,
    Subject,
    check_limit,
    of_account,
    of_address,
    of_stranger,
    record_failure,
)
from tests.conftest import RING
from tests.factories.network import PASSWORD, World, as_

WRONG = "ce n’est pas la bonne phrase"
ELSEWHERE = "203.0.113.7"
QUARTER = timedelta(minutes=15)


@contextmanager
def client_from(site: FastAPI, origin: str) -> Iterator[TestClient]:
    """Yield a browser at a network address."""
    with TestClient(site, follow_redirects=False, client=(origin, 1)) as browser:
        yield browser


def sign_in_by_page(client: TestClient, email: str, password: str = WRONG) -> Response:
    """Sign in with a browser."""
    return client.post("/connexion", data={"email": email, "password": password})


def sign_in_by_api(client: TestClient, email: str, password: str = WRONG) -> Response:
    """Sign in with a program."""
    return client.post("/api/v1/sign-ins", json={"email": email, "password": password})


def request_reset(client: TestClient, email: str) -> Response:
    """Request a password reset, which counts whether or not there is an account."""
    return client.post("/mot-de-passe-oublie", data={"email": email})


@dataclass(frozen=True)
class AnonymousRoute:
    """A route that names no account: the status of a failed attempt, and how to make the n-th."""

    name: str
    status: int
    send: Callable[[TestClient, int], Response]


ANONYMOUS_ROUTES = (
    AnonymousRoute("reset read", 404, lambda c, n: c.get(f"/mot-de-passe-oublie/jeton-{n}")),
    AnonymousRoute(
        "reset used", 404, lambda c, n: c.post(f"/mot-de-passe-oublie/jeton-{n}", data={"password": PASSWORD})
    ),
    AnonymousRoute("invitation read", 404, lambda c, n: c.get(f"/invitation/jeton-{n}")),
    AnonymousRoute(
        "invitation used",
        404,
        lambda c, n: c.post(
            f"/invitation/jeton-{n}",
            data={"legal_first_name": "Zoé", "legal_last_name": "Roy", "password": PASSWORD},
        ),
    ),
    AnonymousRoute("verification page", 404, lambda c, n: c.get(f"/v/{n:032x}")),
    AnonymousRoute("verification form", 404, lambda c, n: c.get("/verification", params={"code": f"ALM-2026-{n}"})),
    AnonymousRoute("verification API", 404, lambda c, n: c.get(f"/api/v1/verify/{n:032x}")),
)


def is_rate_limited(answer: Response) -> bool:
    """Return whether the response is 429 with a valid ``Retry-After``: a page for browsers, a problem for programs."""
    if answer.status_code != 429:
        return False
    assert 1 <= int(answer.headers["Retry-After"]) <= QUARTER.total_seconds()
    kind = answer.headers["content-type"]
    assert kind.startswith("text/html") or answer.json()["code"] == "too_many"
    return True


@pytest.mark.parametrize("sign_in", [sign_in_by_page, sign_in_by_api])
def test_sign_in_after_ten_wrong_passwords_is_refused(
    client: TestClient, world: World, sign_in: Callable[..., Response]
) -> None:
    maude = world.emails["maude"]
    assert [sign_in(client, maude).status_code for _ in range(LIMIT)] == [401] * 10
    assert is_rate_limited(sign_in(client, maude))
    assert is_rate_limited(sign_in(client, maude, PASSWORD))
    assert is_rate_limited(sign_in(client, maude.upper(), PASSWORD))
    assert sign_in(client, world.emails["karim"], PASSWORD).status_code in {201, 303}


def test_sign_in_failures_of_pages_and_programs_count_together(client: TestClient, world: World) -> None:
    maude = world.emails["maude"]
    for sign_in in (sign_in_by_page, sign_in_by_api) * 5:
        assert sign_in(client, maude).status_code == 401
    assert is_rate_limited(sign_in_by_page(client, maude, PASSWORD))
    assert is_rate_limited(sign_in_by_api(client, maude, PASSWORD))


def test_sign_in_failures_of_an_unknown_address_count_alike(client: TestClient, world: World) -> None:
    """Otherwise its attempts would reveal that there is no account."""
    answers = {
        email: [sign_in_by_api(client, email) for _ in range(11)] for email in (world.emails["maude"], "x@y.example")
    }
    known, unknown = answers.values()
    assert [a.status_code for a in known] == [a.status_code for a in unknown] == [401] * 10 + [429]
    assert [a.content for a in known] == [a.content for a in unknown]


def test_reset_requests_for_one_account_are_limited(client: TestClient, world: World) -> None:
    answers = {
        email: [request_reset(client, email) for _ in range(11)] for email in (world.emails["maude"], "x@y.example")
    }
    known, unknown = answers.values()
    assert [a.status_code for a in known] == [303] * 10 + [429]
    assert is_rate_limited(known[-1])
    assert [(a.status_code, a.content) for a in known[:10]] == [(a.status_code, a.content) for a in unknown[:10]]
    assert request_reset(client, world.emails["karim"]).status_code == 303


@pytest.mark.parametrize("route", ANONYMOUS_ROUTES, ids=lambda h: h.name)
def test_unknown_links_and_codes_from_one_address_are_limited(
    client: TestClient, site: FastAPI, route: AnonymousRoute
) -> None:
    assert [route.send(client, n).status_code for n in range(LIMIT)] == [route.status] * 10
    assert is_rate_limited(route.send(client, 11))
    with client_from(site, ELSEWHERE) as other:
        assert route.send(other, 11).status_code == route.status


def test_unknown_invitations_accepted_are_limited(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    responses = [client.post(f"/invitation/jeton-{n}/acceptation") for n in range(11)]
    assert [a.status_code for a in responses] == [404] * 10 + [429]


def test_rate_limit_survives_a_restart(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    for _ in range(LIMIT):
        sign_in_by_page(client, world.emails["maude"])
    reopened = open_database(database.engine.url.render_as_string(hide_password=False))
    with TestClient(create_app(settings, reopened, RING), follow_redirects=False) as restarted:
        assert is_rate_limited(sign_in_by_page(restarted, world.emails["maude"], PASSWORD))
        assert sign_in_by_page(restarted, world.emails["karim"], PASSWORD).status_code == 303


def test_rate_limit_window_slides(database: Database) -> None:
    """A stranger tries without end; each time the window has passed, the person can sign in."""
    start, maude = now(), of_account("maude@escouade.example.com")
    with database.transaction() as db:
        for minute in range(LIMIT):
            with at(start + timedelta(minutes=minute)):
                record_failure(db, RING, RateLimitScope.SIGN_IN, maude)
        with at(start + timedelta(minutes=10)), pytest.raises(TooMany) as error:
            check_limit(db, RING, RateLimitScope.SIGN_IN, maude)
        assert error.value.params["retry_after"] == 300
        with at(start + QUARTER - timedelta(seconds=1)), pytest.raises(TooMany):
            check_limit(db, RING, RateLimitScope.SIGN_IN, maude)
        with at(start + QUARTER):
            check_limit(db, RING, RateLimitScope.SIGN_IN, maude)
            record_failure(db, RING, RateLimitScope.SIGN_IN, maude)
            with pytest.raises(TooMany) as error:
                check_limit(db, RING, RateLimitScope.SIGN_IN, maude)
            assert error.value.params["retry_after"] == 60


@pytest.mark.parametrize("subject", [of_account, of_stranger])
def test_rate_limit_of_one_scope_may_be_lower(database: Database, subject: Callable[..., Subject]) -> None:
    with database.transaction() as db:
        for _ in range(2):
            check_limit(db, RING, RateLimitScope.VERIFY, subject("192.0.2.1", limit=2))
            record_failure(db, RING, RateLimitScope.VERIFY, subject("192.0.2.1", limit=2))
        with pytest.raises(TooMany):
            check_limit(db, RING, RateLimitScope.VERIFY, subject("192.0.2.1", limit=2))
        check_limit(db, RING, RateLimitScope.VERIFY, subject("192.0.2.1"))


def test_rate_limited_attempt_does_not_prolong_the_wait(client: TestClient, world: World, database: Database) -> None:
    for _ in range(LIMIT + 5):
        sign_in_by_page(client, world.emails["maude"])
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from attempt")).scalar_one() == 2 * LIMIT


def test_rate_limit_of_an_address_counts_every_account(database: Database) -> None:
    with database.transaction() as db:
        for n in range(SHARED_LIMIT):
            check_limit(db, RING, RateLimitScope.SIGN_IN, of_account(f"n{n}"), of_address("192.0.2.1"))
            record_failure(db, RING, RateLimitScope.SIGN_IN, of_account(f"n{n}"), of_address("192.0.2.1"))
        with pytest.raises(TooMany):
            check_limit(db, RING, RateLimitScope.SIGN_IN, of_account("karim"), of_address("192.0.2.1"))
        check_limit(db, RING, RateLimitScope.SIGN_IN, of_account("karim"), of_address("192.0.2.2"))
        check_limit(db, RING, RateLimitScope.SECOND_FACTOR, of_account("n1"), of_address("192.0.2.1"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", True),
        ("2001:db8:1:2::3", "2001:db8:1:3::3", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("testclient", "testclient", True),
        ("", "192.0.2.1", False),
    ],
)
def test_rate_limit_counts_an_ipv6_network_as_one_address(one: str, other: str, *, same: bool) -> None:
    assert (of_stranger(one) == of_stranger(other)) is same
    assert (of_address(one) == of_address(other)) is same


def test_rate_limit_stores_neither_address_nor_account(client: TestClient, database: Database, world: World) -> None:
    sign_in_by_page(client, world.emails["maude"])
    with database.engine.connect() as connection:
        rows = connection.execute(text("select subject_hash from attempt")).scalars().all()
    assert len(set(rows)) == 2
    assert all(len(row) == 64 and set(row) <= set("0123456789abcdef") for row in rows)


def test_rate_limit_counts_concurrent_failures(client: TestClient, database: Database, world: World) -> None:
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: sign_in_by_api(client, world.emails["maude"]).status_code, range(24)))
    assert set(answers) == {401, 429}
    with database.engine.connect() as connection:
        counted = connection.execute(text("select count(*) from attempt")).scalar_one()
    assert counted == 2 * answers.count(401)
    # At most as many exceed the limit as are admitted at once.
    assert LIMIT <= answers.count(401) <= LIMIT + database.pool_size
    assert sign_in_by_api(client, world.emails["karim"], PASSWORD).status_code == 201


def test_rate_limit_deletes_attempts_older_than_a_day(database: Database) -> None:
    with database.transaction() as db:
        for hours in (1, 23, 25, 100):
            with at(now() - timedelta(hours=hours)):
                record_failure(db, RING, RateLimitScope.SIGN_IN, of_account("maude"))
    assert sweep_attempts(database) == 2
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from attempt")).scalar_one() == 2


def test_sign_in_of_a_suspended_account_is_limited(client: TestClient, database: Database, world: World) -> None:
    with database.engine.begin() as owner:
        owner.execute(text("update account set suspended_at = now() where email = :e"), {"e": world.emails["maude"]})
    answers = [sign_in_by_page(client, world.emails["maude"], PASSWORD).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
