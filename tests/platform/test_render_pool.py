"""The render pool: order, limits of time and memory, failures of one item, and no process left behind."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from app.platform.documents.render_pool import RenderFailure, RenderPool, RenderPoolUnavailable
from app.platform.errors import Reason
from tests.platform.render_tasks import DiesOnStart, render

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def no_process_left() -> Iterator[None]:
    """Check that no process outlives its pool; the document process of other tests may be there."""
    before = set(multiprocessing.active_children())
    yield
    assert set(multiprocessing.active_children()) <= before


@pytest.fixture
def pool() -> Iterator[RenderPool[tuple[str, object]]]:
    with RenderPool(render, 2, seconds=2, megabytes=300) as two_processes:
        yield two_processes


def codes(pool: RenderPool[tuple[str, object]], *items: tuple[str, object]) -> list[str]:
    """Return each result as text, or the code of the failure."""
    return [r.reason.code if isinstance(r, RenderFailure) else r.decode() for r in pool.map(items)]


def test_results_come_in_order(pool: RenderPool[tuple[str, object]]) -> None:
    items = [("slow", 0.2), *(("echo", n) for n in range(30))]
    assert codes(pool, *items) == ["late", *(str(n) for n in range(30))]


def test_map_several_processes_work_and_none_is_this_one(pool: RenderPool[tuple[str, object]]) -> None:
    results = set(codes(pool, *[("slow", 0.1), ("process", 0), ("process", 0), ("slow", 0.1), ("process", 0)]))
    assert str(os.getpid()) not in results
    assert len(pool._workers) == 2
    assert all(pool._workers)


@pytest.mark.parametrize("end", ["closed", "killed"])
def test_temporary_files_of_a_process_end_with_it(pool: RenderPool[tuple[str, object]], end: str) -> None:
    [file] = [Path(name) for name in codes(pool, ("temporary", 0))]
    assert file.exists()
    if end == "closed":
        pool.close()
    else:
        codes(pool, ("gone", 0), ("gone", 0))
    assert not file.parent.exists()


def test_map_without_items_yields_nothing(pool: RenderPool[tuple[str, object]]) -> None:
    assert codes(pool) == []


def test_map_item_over_the_time_limit_fails_and_the_others_succeed(pool: RenderPool[tuple[str, object]]) -> None:
    began = time.monotonic()
    results = codes(pool, ("echo", 1), ("slow", 600), ("echo", 2), ("echo", 3), ("echo", 4))
    assert results == ["1", "press_slow", "2", "3", "4"]
    assert time.monotonic() - began < 30


def test_map_worker_death_fails_its_current_item_only(pool: RenderPool[tuple[str, object]]) -> None:
    items = [("echo", 1), ("gone", 0), ("echo", 2), ("gone", 0), *(("echo", n) for n in range(3, 9))]
    assert codes(pool, *items) == ["1", "press_died", "2", "press_died", *"345678"]


def test_map_item_over_the_memory_limit_fails_and_the_others_succeed(pool: RenderPool[tuple[str, object]]) -> None:
    assert codes(pool, ("echo", 1), ("much", 500 * MEGABYTE), ("echo", 2)) == ["1", "press_memory", "2"]


def test_map_domain_error_keeps_its_reason(pool: RenderPool[tuple[str, object]]) -> None:
    [result] = pool.map([("refused", "ALM-2026-0001")])
    assert result == RenderFailure(Reason("certificate_already", {"number": "ALM-2026-0001"}))


def test_map_unexpected_exception_is_logged_with_its_traceback(
    pool: RenderPool[tuple[str, object]], caplog: pytest.LogCaptureFixture
) -> None:
    assert codes(pool, ("fault", "x"), ("echo", 1)) == ["press_fault", "1"]
    assert "ZeroDivisionError" in caplog.text


def test_map_consumes_items_as_results_are_read(pool: RenderPool[tuple[str, object]]) -> None:
    consumed = count()

    def endless() -> Iterator[tuple[str, object]]:
        while True:
            yield "echo", next(consumed)

    results = pool.map(endless())
    assert [next(results) for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    assert next(consumed) <= 5 + 4 * 2
    results.close()  # type: ignore[attr-defined]


def test_map_abandoned_results_do_not_come_out_of_the_next_run(pool: RenderPool[tuple[str, object]]) -> None:
    results = pool.map([("echo", "old")] + [("slow", 0.3)] * 6)
    assert next(results) == b"old"
    results.close()  # type: ignore[attr-defined]
    assert codes(pool, ("echo", "new")) == ["new"]


def test_map_again_reuses_the_processes(pool: RenderPool[tuple[str, object]]) -> None:
    first = codes(pool, ("process", 0))
    assert codes(pool, ("process", 0)) == first


def test_map_large_items_and_results_do_not_deadlock(pool: RenderPool[tuple[str, object]]) -> None:
    """Both ends write more than the pipe holds at once."""
    large = "x" * MEGABYTE
    assert [len(r) for r in codes(pool, *[("echo", large)] * 12)] == [MEGABYTE] * 12


def test_map_processes_that_never_start_raise_unavailable() -> None:
    with RenderPool(DiesOnStart(), 2) as pool, pytest.raises(RenderPoolUnavailable):
        list(pool.map([1, 2, 3]))
