"""Streams of server-sent events: one reader a process, no connection held, an end in time."""

import asyncio
import json
import weakref
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.errors import Unavailable
from app.platform.processes.stopping import STOPPING
from app.platform.web import streams
from app.platform.web.streams import Followers, followers_of
from tests.factories.network import World


class Versions:
    """The versions of records, and how often they were asked for."""

    def __init__(self) -> None:
        self.of: dict[int, int] = {}
        self.asked: list[Collection[int]] = []

    def __call__(self, db: Session, ids: Collection[int]) -> Mapping[int, int]:
        """Return the versions; a statement runs, as it does for records."""
        assert db.connection().exec_driver_sql("select 1").scalar_one() == 1
        self.asked.append(ids)
        return self.of


@pytest.fixture
def versions(monkeypatch: pytest.MonkeyPatch) -> Iterator[Versions]:
    """Versions that are read every 10 ms, in a process that was not told to stop."""
    monkeypatch.setattr(streams, "EVERY", 0.01)
    yield Versions()
    STOPPING.clear()


async def next_version(stream: AsyncIterator[str]) -> int:
    """Return the version in the next event."""
    event = await asyncio.wait_for(anext(stream), 5)
    data = json.loads(event.removeprefix("data: "))
    assert set(data) == {"version", "now"}, "nothing else is ever sent"
    return int(data["version"])


def test_followers_hear_of_a_change_from_one_reader_and_hold_no_connection(
    database: Database, world: World, versions: Versions
) -> None:
    followers = Followers(database, versions)

    async def follow() -> None:
        open_streams = [followers.stream(7, world.alma, person, 1) for person in range(20)]
        for stream in open_streams:
            assert (await anext(stream)).startswith("retry:")
            assert await next_version(stream) == 1
        versions.of = {7: 2}
        assert [await next_version(stream) for stream in open_streams] == [2] * 20
        assert database.admission.in_use == 0
        assert {tuple(ids) for ids in versions.asked} == {(7,)}, "one statement for all"
        for stream in open_streams:
            await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(follow())
    assert followers.count == 0


def test_stream_ends_by_itself_so_that_the_next_one_is_guarded_again(
    database: Database, world: World, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LIFE", 0.05)
    followers = Followers(database, versions)

    async def follow() -> list[str]:
        return [event async for event in followers.stream(7, world.alma, 1, 3)]

    assert len(asyncio.run(follow())) >= 2
    assert followers.count == 0


def test_streams_end_once_the_process_is_told_to_stop(database: Database, world: World, versions: Versions) -> None:
    followers = Followers(database, versions)

    async def follow() -> None:
        stream = followers.stream(7, world.alma, 1, 3)
        assert (await anext(stream)).startswith("retry:")
        assert await next_version(stream) == 3
        STOPPING.set()
        async with asyncio.timeout(2):
            assert [event async for event in stream] == []

    asyncio.run(follow())


def test_streams_of_a_process_and_of_one_person_are_bounded(
    database: Database, world: World, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST", 3)
    monkeypatch.setattr(streams, "MOST_EACH", 2)
    followers = Followers(database, versions)

    async def follow() -> None:
        opened = [followers.stream(7, world.alma, person, 1) for person in (1, 1, 2)]
        for person in (1, 3):
            with pytest.raises(Unavailable, match="busy"):
                followers.stream(7, world.alma, person, 1)
        for stream in opened:
            await anext(stream)
            await stream.aclose()  # type: ignore[attr-defined]
        followers.stream(7, world.alma, 1, 1)

    asyncio.run(follow())


def test_streams_asked_for_at_once_are_never_more_than_the_bound(
    database: Database, world: World, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thirty threads at one barrier, before any of their streams begins."""
    monkeypatch.setattr(streams, "MOST_EACH", 2)
    followers, start = Followers(database, versions), Barrier(30)

    def ask(_: int) -> AsyncIterator[str] | None:
        start.wait()
        try:
            return followers.stream(7, world.alma, 1, 1)
        except Unavailable:
            return None

    with ThreadPoolExecutor(30) as pool:
        given = [stream for stream in pool.map(ask, range(30)) if stream is not None]
    assert len(given) == 2


def test_stream_that_was_never_sent_gives_its_place_back(
    database: Database, world: World, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST_EACH", 1)
    followers = Followers(database, versions)
    for _ in range(3):
        followers.stream(7, world.alma, 1, 1)  # its reader has gone before the first event


@pytest.mark.parametrize("error", [None, KeyError("a fault of the code")])
def test_reader_goes_on_when_the_database_was_away_or_a_look_failed(
    database: Database, world: World, versions: Versions, error: Exception | None
) -> None:
    broken = [True]

    def read(db: Session, ids: Collection[int]) -> Mapping[int, int]:
        if broken[0] and error is not None:
            raise error
        if broken[0]:
            db.connection().exec_driver_sql("select 1 / 0")
        return versions(db, ids)

    followers = Followers(database, read)

    async def follow() -> None:
        stream = followers.stream(7, world.alma, 1, 1)
        assert (await anext(stream)).startswith("retry:")
        assert await next_version(stream) == 1
        await asyncio.sleep(0.1)  # the reader fails several times meanwhile
        broken[0], versions.of = False, {7: 5}
        assert await next_version(stream) == 5
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(follow())


def test_followers_of_a_query_are_those_of_the_process(database: Database, versions: Versions) -> None:
    assert followers_of(database, versions) is followers_of(database, versions)


def test_followers_keep_no_database_alive(versions: Versions) -> None:
    class Closed(Database):
        """A database that is no longer used."""

    database = Closed.__new__(Closed)
    followers_of(database, versions)
    gone = weakref.ref(database)
    del database
    assert gone() is None
