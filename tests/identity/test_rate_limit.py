"""Rate limits: failed attempts at each scope, what they block, for whom and for how long."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import anyio
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import ASGITransport, AsyncClient, Response
from sqlalchemy import text

from app.main import create_app
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.errors import TooMany
from app.platform.jobs.upkeep import sweep_attempts
from app.platform.security.rate_limit import (
    LIMIT,
    RateLimitScope,
    check_limit,
    of_account,
    of_address,
    record_failure,
)
from app.platform.security.slowdown import FREE_FAILURES, LONGEST_SECONDS, MOST_FAILURES, seconds_to_wait
from tests.conftest import RING, SITE
from tests.factories.network import PASSWORD, World, as_
from tests.server import opened

WRONG = "ce n’est pas la bonne phrase"
ELSEWHERE = "203.0.113.7"
ORIGIN = "testclient"
"""The network address of the ``client`` fixture."""
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
class Route:
    """A route that counts failed attempts: their status, and how to make the n-th."""

    name: str
    scope: RateLimitScope
    status: int
    send: Callable[[TestClient, int], Response]


ROUTES = (
    Route("sign in", RateLimitScope.SIGN_IN, 401, lambda c, n: sign_in_by_page(c, f"x{n}@y.example")),
    Route("sign in API", RateLimitScope.SIGN_IN, 401, lambda c, n: sign_in_by_api(c, f"x{n}@y.example")),
    Route("reset asked", RateLimitScope.RESET, 303, lambda c, n: request_reset(c, f"x{n}@y.example")),
    Route("reset read", RateLimitScope.RESET, 404, lambda c, n: c.get(f"/mot-de-passe-oublie/jeton-{n}")),
    Route(
        "reset used",
        RateLimitScope.RESET,
        404,
        lambda c, n: c.post(f"/mot-de-passe-oublie/jeton-{n}", data={"password": PASSWORD}),
    ),
    Route("invitation read", RateLimitScope.INVITATION, 404, lambda c, n: c.get(f"/invitation/jeton-{n}")),
    Route(
        "invitation used",
        RateLimitScope.INVITATION,
        404,
        lambda c, n: c.post(
            f"/invitation/jeton-{n}",
            data={"legal_first_name": "Zoé", "legal_last_name": "Roy", "password": PASSWORD},
        ),
    ),
    Route("OIDC", RateLimitScope.OIDC, 403, lambda c, n: c.get("/connexion/oidc/retour", params={"state": f"s{n}"})),
    Route("verification page", RateLimitScope.VERIFY, 404, lambda c, n: c.get(f"/v/{n:032x}")),
    Route(
        "verification form",
        RateLimitScope.VERIFY,
        404,
        lambda c, n: c.get("/verification", params={"code": f"ALM-2026-{n:04} 7K3M-Q9TD"}),
    ),
    Route(
        "file compared",
        RateLimitScope.VERIFY,
        404,
        lambda c, n: c.post(f"/v/{n:032x}/fichier", files={"file": ("a.pdf", b"%PDF")}),
    ),
    Route("verification API", RateLimitScope.VERIFY, 404, lambda c, n: c.get(f"/api/v1/verify/{n:032x}")),
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


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the waits of this test's requests: they are noted, and nobody waits."""
    noted: list[float] = []

    async def note(seconds: float) -> None:
        noted.append(seconds)

    monkeypatch.setattr("app.platform.security.slowdown.anyio.sleep", note)
    return noted


def fail(database: Database, scope: RateLimitScope, origin: str, times: int) -> None:
    """Count failures of a network address."""
    with database.transaction() as db:
        for _ in range(times):
            record_failure(db, RING, scope, of_address(origin))


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0), (30, 0), (31, 0.1), (45, 1.5), (60, 3.0), (61, 3.0), (1_000_000, 3.0)]
)
def test_wait_after_failures_grows_up_to_a_bound(failures: int, seconds: float) -> None:
    assert seconds_to_wait(failures) == pytest.approx(seconds)
    assert seconds_to_wait(MOST_FAILURES) == LONGEST_SECONDS


@pytest.mark.parametrize("route", ROUTES, ids=lambda h: h.name)
def test_failures_of_an_address_slow_its_attempts_and_refuse_none(
    client: TestClient, site: FastAPI, database: Database, waits: list[float], route: Route
) -> None:
    fail(database, route.scope, ORIGIN, FREE_FAILURES - 1)
    assert [route.send(client, n).status_code for n in range(4)] == [route.status] * 4
    assert waits == pytest.approx([0.1, 0.2])
    with client_from(site, ELSEWHERE) as other:
        assert route.send(other, 11).status_code == route.status
    assert len(waits) == 2, "another address waits for nothing"


@pytest.mark.parametrize("other_scope", [s for s in RateLimitScope if s is not RateLimitScope.VERIFY])
def test_failures_of_one_scope_slow_no_other(
    client: TestClient, database: Database, waits: list[float], other_scope: RateLimitScope
) -> None:
    fail(database, other_scope, ORIGIN, MOST_FAILURES)
    assert client.get(f"/v/{1:032x}").status_code == 404
    assert waits == []


def test_unknown_invitations_accepted_are_slowed(
    client: TestClient, database: Database, world: World, waits: list[float]
) -> None:
    as_(client, database, world, "maude")
    fail(database, RateLimitScope.INVITATION, ORIGIN, MOST_FAILURES)
    assert client.post("/invitation/jeton/acceptation").status_code == 404
    assert waits == [LONGEST_SECONDS]


def test_three_hundred_people_behind_one_address_all_sign_in(
    client: TestClient, database: Database, world: World, waits: list[float]
) -> None:
    """Ten of them are mistaken, three times each, as were strangers behind the same address. Makes 330 sign-ins."""
    maude = "select password_hash from account_secret s join account a on a.id = s.account_id where a.email = :maude"
    with database.engine.begin() as owner:
        people = owner.execute(
            text(
                "insert into person (legal_first_name, legal_last_name, search_key, created_at)"
                " select 'Prénom', 'Nom', 'nom', now() from generate_series(1, 300) returning id"
            )
        ).scalars()
        owner.execute(
            text(
                "with opened as (insert into account (person_id, email, created_at)"  # noqa: S608 - our own constant
                f" values (:person, :email, now()) returning id)"
                f" insert into account_secret (account_id, password_hash) select id, ({maude}) from opened"
            ),
            [
                {"person": person, "email": f"campus-{n}@escouade.example.com", "maude": world.emails["maude"]}
                for n, person in enumerate(people)
            ],
        )
    fail(database, RateLimitScope.SIGN_IN, ORIGIN, MOST_FAILURES)
    for n in range(10):
        mistakes = [sign_in_by_page(client, f"campus-{n}@escouade.example.com") for _ in range(3)]
        assert [answer.status_code for answer in mistakes] == [401] * 3
    for n in range(300):
        client.cookies.clear()
        assert sign_in_by_page(client, f"campus-{n}@escouade.example.com", PASSWORD).status_code == 303
    assert max(waits) == LONGEST_SECONDS


def test_mistakes_of_strangers_never_hide_a_valid_link(
    client: TestClient, database: Database, world: World, waits: list[float]
) -> None:
    """A reset link behind an address from which many wrong ones were tried."""
    fail(database, RateLimitScope.RESET, ORIGIN, MOST_FAILURES)
    assert request_reset(client, world.emails["maude"]).status_code == 303
    with database.engine.connect() as connection:
        sealed = connection.execute(text("select body from letter order by id desc limit 1")).scalar_one()
    link = next(word for word in sealed.split() if "/mot-de-passe-oublie/" in word)
    path = link[link.index("/mot-de-passe-oublie/") :]
    assert client.get(path).status_code == 200
    assert client.post(path, data={"password": "une autre phrase de passe"}).status_code == 303
    assert waits == [LONGEST_SECONDS] * 3


def test_whoever_waits_holds_no_connection_nor_thread(site: FastAPI, database: Database, world: World) -> None:
    """Waits for real, two seconds: four times as many wait as the pool has connections, and another passes at once."""
    fail(database, RateLimitScope.VERIFY, ORIGIN, FREE_FAILURES + 20)

    async def crowd() -> tuple[float, list[int], float]:
        transport = ASGITransport(site, client=(ORIGIN, 1))
        elsewhere = ASGITransport(site, client=(ELSEWHERE, 1))
        waiting: list[int] = []
        async with (
            AsyncClient(transport=transport, base_url=SITE) as slow,
            AsyncClient(transport=elsewhere, base_url=SITE) as quick,
            anyio.create_task_group() as group,
        ):

            async def guess(n: int) -> None:
                waiting.append((await slow.get(f"/v/{n:032x}")).status_code)

            start = anyio.current_time()
            for n in range(4 * database.pool_size):
                group.start_soon(guess, n)
            await anyio.sleep(0.5)
            answer = await quick.get(f"/v/{1:032x}")
            passed = anyio.current_time() - start
            assert (answer.status_code, waiting) == (404, [])
        return passed, waiting, anyio.current_time() - start

    passed, waiting, whole = anyio.run(crowd)
    assert passed < 1.9 < whole
    assert waiting == [404] * 4 * database.pool_size


def test_rate_limit_survives_a_restart(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    for _ in range(LIMIT):
        sign_in_by_page(client, world.emails["maude"])
    reopened = opened(database.addresses.owner_url or "")
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


def test_rate_limit_of_one_scope_may_be_lower(database: Database) -> None:
    with database.transaction() as db:
        for _ in range(2):
            check_limit(db, RING, RateLimitScope.VERIFY, of_account("maude", limit=2))
            record_failure(db, RING, RateLimitScope.VERIFY, of_account("maude", limit=2))
        with pytest.raises(TooMany):
            check_limit(db, RING, RateLimitScope.VERIFY, of_account("maude", limit=2))
        check_limit(db, RING, RateLimitScope.VERIFY, of_account("maude"))


def test_rate_limited_attempt_does_not_prolong_the_wait(client: TestClient, world: World, database: Database) -> None:
    for _ in range(LIMIT + 5):
        sign_in_by_page(client, world.emails["maude"])
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from attempt")).scalar_one() == 2 * LIMIT


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
