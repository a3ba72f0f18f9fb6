"""Wrong tries at every door: eleven of them, what they close, for whom and for how long."""

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

from app.cli.worker import sweep_attempts
from app.deployment import open_database
from app.main import create_app
from app.platform.clock import at, now
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.errors import TooMany
from app.platform.security.rate_limit import (
    MOST,
    MOST_SHARED,
    RateLimitScope,
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
def coming_from(site: FastAPI, origin: str) -> Iterator[TestClient]:
    """A browser at an address."""
    with TestClient(site, follow_redirects=False, client=(origin, 1)) as found:
        yield found


def by_page(client: TestClient, email: str, password: str = WRONG) -> Response:
    """Sign in with a browser."""
    return client.post("/connexion", data={"email": email, "password": password})


def by_program(client: TestClient, email: str, password: str = WRONG) -> Response:
    """Sign in with a program."""
    return client.post("/api/v1/sign-ins", json={"email": email, "password": password})


def by_reset(client: TestClient, email: str) -> Response:
    """Ask for a letter: a try, right or wrong."""
    return client.post("/mot-de-passe-oublie", data={"email": email})


@dataclass(frozen=True)
class Hatch:
    """A door without an account's name: what a wrong try answers, how to make the n-th."""

    name: str
    status: int
    send: Callable[[TestClient, int], Response]


HATCHES = (
    Hatch("reset read", 404, lambda c, n: c.get(f"/mot-de-passe-oublie/jeton-{n}")),
    Hatch("reset used", 404, lambda c, n: c.post(f"/mot-de-passe-oublie/jeton-{n}", data={"password": PASSWORD})),
    Hatch("invitation read", 404, lambda c, n: c.get(f"/invitation/jeton-{n}")),
    Hatch(
        "invitation used",
        404,
        lambda c, n: c.post(
            f"/invitation/jeton-{n}",
            data={"legal_first_name": "Zoé", "legal_last_name": "Roy", "password": PASSWORD},
        ),
    ),
    Hatch("verification page", 404, lambda c, n: c.get(f"/v/{n:032x}")),
    Hatch("verification form", 404, lambda c, n: c.get("/verification", params={"code": f"ALM-2026-{n}"})),
    Hatch("verification API", 404, lambda c, n: c.get(f"/api/v1/verify/{n:032x}")),
)


def refused(answer: Response) -> bool:
    """Whether it is 429, with a time to wait within the window; in words for people, as a problem for programs."""
    if answer.status_code != 429:
        return False
    assert 1 <= int(answer.headers["Retry-After"]) <= QUARTER.total_seconds()
    kind = answer.headers["content-type"]
    assert kind.startswith("text/html") or answer.json()["code"] == "too_many"
    return True


@pytest.mark.parametrize("enter", [by_page, by_program])
def test_eleven_wrong_passwords_close_the_account_to_the_right_one(
    client: TestClient, world: World, enter: Callable[..., Response]
) -> None:
    maude = world.emails["maude"]
    assert [enter(client, maude).status_code for _ in range(MOST)] == [401] * 10
    assert refused(enter(client, maude))
    assert refused(enter(client, maude, PASSWORD))
    assert refused(enter(client, maude.upper(), PASSWORD))
    assert enter(client, world.emails["karim"], PASSWORD).status_code in {201, 303}


def test_pages_and_programs_count_together(client: TestClient, world: World) -> None:
    maude = world.emails["maude"]
    for enter in (by_page, by_program) * 5:
        assert enter(client, maude).status_code == 401
    assert refused(by_page(client, maude, PASSWORD))
    assert refused(by_program(client, maude, PASSWORD))


def test_an_unknown_address_is_counted_alike(client: TestClient, world: World) -> None:
    """Else its tries would tell that there is no account."""
    answers = {
        email: [by_program(client, email) for _ in range(11)] for email in (world.emails["maude"], "x@y.example")
    }
    known, unknown = answers.values()
    assert [a.status_code for a in known] == [a.status_code for a in unknown] == [401] * 10 + [429]
    assert [a.content for a in known] == [a.content for a in unknown]


def test_eleven_letters_asked_for_one_account(client: TestClient, world: World) -> None:
    answers = {email: [by_reset(client, email) for _ in range(11)] for email in (world.emails["maude"], "x@y.example")}
    known, unknown = answers.values()
    assert [a.status_code for a in known] == [303] * 10 + [429]
    assert refused(known[-1])
    assert [(a.status_code, a.content) for a in known[:10]] == [(a.status_code, a.content) for a in unknown[:10]]
    assert by_reset(client, world.emails["karim"]).status_code == 303


@pytest.mark.parametrize("hatch", HATCHES, ids=lambda h: h.name)
def test_eleven_wrong_links_or_codes_from_one_address(client: TestClient, site: FastAPI, hatch: Hatch) -> None:
    assert [hatch.send(client, n).status_code for n in range(MOST)] == [hatch.status] * 10
    assert refused(hatch.send(client, 11))
    with coming_from(site, ELSEWHERE) as other:
        assert hatch.send(other, 11).status_code == hatch.status


def test_accepting_an_unknown_invitation_counts_too(client: TestClient, database: Database, world: World) -> None:
    as_(client, database, world, "maude")
    tries = [client.post(f"/invitation/jeton-{n}/acceptation") for n in range(11)]
    assert [a.status_code for a in tries] == [404] * 10 + [429]


def test_what_was_counted_survives_a_restart(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    for _ in range(MOST):
        by_page(client, world.emails["maude"])
    again = open_database(database.engine.url.render_as_string(hide_password=False))
    with TestClient(create_app(settings, again, RING), follow_redirects=False) as restarted:
        assert refused(by_page(restarted, world.emails["maude"], PASSWORD))
        assert by_page(restarted, world.emails["karim"], PASSWORD).status_code == 303


def test_the_window_slides_so_nobody_is_kept_out_for_ever(database: Database) -> None:
    """A stranger tries without end; each time the window has slid past, the person gets their turn."""
    start, maude = now(), of_account("maude@escouade.example.com")
    with database.transaction() as db:
        for minute in range(MOST):
            with at(start + timedelta(minutes=minute)):
                record_failure(db, RING, RateLimitScope.SIGN_IN, maude)
        with at(start + timedelta(minutes=10)), pytest.raises(TooMany) as found:
            check_limit(db, RING, RateLimitScope.SIGN_IN, maude)
        assert found.value.params["retry_after"] == 300
        with at(start + QUARTER - timedelta(seconds=1)), pytest.raises(TooMany):
            check_limit(db, RING, RateLimitScope.SIGN_IN, maude)
        with at(start + QUARTER):
            check_limit(db, RING, RateLimitScope.SIGN_IN, maude)
            record_failure(db, RING, RateLimitScope.SIGN_IN, maude)
            with pytest.raises(TooMany) as found:
                check_limit(db, RING, RateLimitScope.SIGN_IN, maude)
            assert found.value.params["retry_after"] == 60


def test_a_refused_try_does_not_prolong_the_wait(client: TestClient, world: World, database: Database) -> None:
    for _ in range(MOST + 5):
        by_page(client, world.emails["maude"])
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from attempt")).scalar_one() == 2 * MOST


def test_many_accounts_tried_from_one_address_close_the_address(database: Database) -> None:
    with database.transaction() as db:
        for n in range(MOST_SHARED):
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
def test_a_network_of_version_6_is_one_stranger(one: str, other: str, *, same: bool) -> None:
    assert (of_stranger(one) == of_stranger(other)) is same
    assert (of_address(one) == of_address(other)) is same


def test_neither_address_nor_account_is_kept(client: TestClient, database: Database, world: World) -> None:
    by_page(client, world.emails["maude"])
    with database.engine.connect() as connection:
        rows = connection.execute(text("select subject_hash from attempt")).scalars().all()
    assert len(set(rows)) == 2
    assert all(len(row) == 64 and set(row) <= set("0123456789abcdef") for row in rows)


def test_wrong_tries_at_once_are_all_counted_and_none_waits_for_another(
    client: TestClient, database: Database, world: World
) -> None:
    with ThreadPoolExecutor(12) as threads:
        answers = list(threads.map(lambda _: by_program(client, world.emails["maude"]).status_code, range(24)))
    assert set(answers) == {401, 429}
    with database.engine.connect() as connection:
        counted = connection.execute(text("select count(*) from attempt")).scalar_one()
    assert counted == 2 * answers.count(401)
    # No more slip through than are admitted at one moment.
    assert MOST <= answers.count(401) <= MOST + database.pool_size
    assert by_program(client, world.emails["karim"], PASSWORD).status_code == 201


def test_yesterdays_tries_are_forgotten(database: Database) -> None:
    with database.transaction() as db:
        for hours in (1, 23, 25, 100):
            with at(now() - timedelta(hours=hours)):
                record_failure(db, RING, RateLimitScope.SIGN_IN, of_account("maude"))
    assert sweep_attempts(database) == 2
    with database.engine.connect() as connection:
        assert connection.execute(text("select count(*) from attempt")).scalar_one() == 2


def test_the_door_of_the_suspended_counts_as_any(client: TestClient, database: Database, world: World) -> None:
    with database.engine.begin() as owner:
        owner.execute(text("update account set suspended_at = now() where email = :e"), {"e": world.emails["maude"]})
    answers = [by_page(client, world.emails["maude"], PASSWORD).status_code for _ in range(11)]
    assert answers == [401] * 10 + [429]
