"""The press: in order, whatever happens to one of them; nothing left behind."""

import multiprocessing
import os
import time
from collections.abc import Iterator
from itertools import count

import pytest

from app.platform.documents.render_pool import RenderFailure, RenderPool, RenderPoolUnavailable
from app.platform.errors import Reason
from tests.platform.render_tasks import Unborn, make

MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """No process outlives its press."""
    yield
    assert multiprocessing.active_children() == []


@pytest.fixture
def press() -> Iterator[RenderPool[tuple[str, object]]]:
    with RenderPool(make, 2, seconds=2, megabytes=300) as two:
        yield two


def codes(press: RenderPool[tuple[str, object]], *things: tuple[str, object]) -> list[str]:
    """What was made as text, or the code of the failure."""
    return [r.reason.code if isinstance(r, RenderFailure) else r.decode() for r in press.printed(things)]


def test_results_come_in_order(press: RenderPool[tuple[str, object]]) -> None:
    things = [("slow", 0.2), *(("echo", n) for n in range(30))]
    assert codes(press, *things) == ["late", *(str(n) for n in range(30))]


def test_several_processes_work_and_none_is_this_one(press: RenderPool[tuple[str, object]]) -> None:
    found = set(codes(press, *[("slow", 0.1), ("process", 0), ("process", 0), ("slow", 0.1), ("process", 0)]))
    assert str(os.getpid()) not in found
    assert len(press._hands) == 2
    assert all(press._hands)


def test_nothing_gives_nothing(press: RenderPool[tuple[str, object]]) -> None:
    assert codes(press) == []


def test_what_does_not_end_is_given_up_and_the_others_go_on(press: RenderPool[tuple[str, object]]) -> None:
    began = time.monotonic()
    found = codes(press, ("echo", 1), ("slow", 600), ("echo", 2), ("echo", 3), ("echo", 4))
    assert found == ["1", "press_slow", "2", "3", "4"]
    assert time.monotonic() - began < 30


def test_a_process_that_dies_takes_one_thing_with_it(press: RenderPool[tuple[str, object]]) -> None:
    things = [("echo", 1), ("gone", 0), ("echo", 2), ("gone", 0), *(("echo", n) for n in range(3, 9))]
    assert codes(press, *things) == ["1", "press_died", "2", "press_died", *"345678"]


def test_too_much_memory_is_refused_and_the_others_go_on(press: RenderPool[tuple[str, object]]) -> None:
    assert codes(press, ("echo", 1), ("much", 500 * MEGABYTE), ("echo", 2)) == ["1", "press_memory", "2"]


def test_a_refusal_keeps_its_words(press: RenderPool[tuple[str, object]]) -> None:
    [found] = press.printed([("refused", "ALM-2026-0001")])
    assert found == RenderFailure(Reason("certificate_already", {"number": "ALM-2026-0001"}))


def test_a_fault_is_logged_with_its_traceback(
    press: RenderPool[tuple[str, object]], caplog: pytest.LogCaptureFixture
) -> None:
    assert codes(press, ("fault", "x"), ("echo", 1)) == ["press_fault", "1"]
    assert "ZeroDivisionError" in caplog.text


def test_things_are_taken_as_results_are(press: RenderPool[tuple[str, object]]) -> None:
    taken = count()

    def endless() -> Iterator[tuple[str, object]]:
        while True:
            yield "echo", next(taken)

    results = press.printed(endless())
    assert [next(results) for _ in range(5)] == [b"0", b"1", b"2", b"3", b"4"]
    assert next(taken) <= 5 + 4 * 2
    results.close()  # type: ignore[attr-defined]


def test_what_nobody_waits_for_does_not_come_out_of_the_next_run(press: RenderPool[tuple[str, object]]) -> None:
    results = press.printed([("echo", "old")] + [("slow", 0.3)] * 6)
    assert next(results) == b"old"
    results.close()  # type: ignore[attr-defined]
    assert codes(press, ("echo", "new")) == ["new"]


def test_the_same_processes_serve_again(press: RenderPool[tuple[str, object]]) -> None:
    first = codes(press, ("process", 0))
    assert codes(press, ("process", 0)) == first


def test_large_things_and_large_results_do_not_wait_for_each_other(press: RenderPool[tuple[str, object]]) -> None:
    """Both ends write more than the pipe holds at once."""
    large = "x" * MEGABYTE
    assert [len(r) for r in codes(press, *[("echo", large)] * 12)] == [MEGABYTE] * 12


def test_processes_that_never_start_are_told() -> None:
    with RenderPool(Unborn(), 2) as press, pytest.raises(RenderPoolUnavailable):
        list(press.printed([1, 2, 3]))
