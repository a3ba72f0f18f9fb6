"""Render pools lent to threads: a process of its own for each, kept for the next, closed when nobody needs it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from functools import partial

import pytest

from app.platform.documents.lent_pools import LentPools
from app.platform.documents.render_pool import RenderFailure, RenderPool
from tests.factories.waiting import wait_until
from tests.platform.render_tasks import render

Item = tuple[str, object]
open_pool = partial(RenderPool[Item], render, processes=1)


@pytest.fixture(scope="module")
def pools() -> Iterator[LentPools[Item]]:
    """Yield pools; their processes take a second to start, so the tests share them."""
    with closing(LentPools(open_pool)) as found:
        yield found


def test_process_is_kept_for_the_next_item_and_replaced_after_a_failure(pools: LentPools[Item]) -> None:
    first = pools.render(("process", None))
    assert pools.render(("process", None)) == first
    assert isinstance(pools.render(("gone", None)), RenderFailure)
    assert pools.render(("process", None)) not in {first, b""}


def test_two_threads_have_a_process_each(pools: LentPools[Item]) -> None:
    with ThreadPoolExecutor(2) as threads:
        assert set(threads.map(pools.render, [("slow", 0.5)] * 2)) == {b"late"}
    assert len(pools.idle) == 2


def test_idle_process_is_closed() -> None:
    with closing(LentPools(open_pool, idle_seconds=0.1)) as pools:
        assert pools.render(("echo", 1)) == b"1"
        wait_until(lambda: not pools.idle)
