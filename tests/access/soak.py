"""Takes away every single check, one at a time, and sees that the matrix notices: ``make soak``, not ``make test``.

A check is a route's guard, a call of ``scoped`` in a query, a call of a ``see_…`` by whoever shows or changes a
thing, and a few others by name. A first pass learns which rows of the matrix go through which; a check is then
replaced by one that lets everyone through, and its rows are run until one says so. Row-level security stays:
where it hides what a removed ``scoped`` would show, another cohort of the college must show it.
"""

import ast
import contextlib
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import wraps
from itertools import islice
from types import FrameType, ModuleType
from typing import Any

import pytest
from fastapi import Request
from fastapi.testclient import TestClient
from sqlalchemy import true

from app import access
from app.access import Actor, Allowed, Permission, Role
from app.codev import service as codev
from app.codev import service_sessions
from app.config import ROOT
from app.db import SessionDep
from app.errors import Unauthenticated
from app.people import service_accounts
from tests.access.ground import Ground
from tests.access.matrix import MATRIX, faults
from tests.access.payloads import V1
from tests.access.swaps import swapped
from tests.access.test_id_swap import knocker, refused

Site = tuple[str, int]
"""A file of the application and a line in it."""

EQUIVALENT: dict[str, str] = {}
"""Checks whose removal changes nothing that anyone could see, and why."""


def sites(wanted: Callable[[str], bool]) -> dict[Site, str]:
    """Every call in the application of a function so named, by place."""
    found = {}
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                if wanted(name):
                    found[str(path), node.lineno] = f"{path.relative_to(ROOT)}:{node.lineno} {name}"
    return found


@dataclass
class Removal:
    """What is out of force now, and which rows went through what."""

    site: Site | None = None
    guard: bool = False
    everything: bool = False
    row: str = ""
    rows: dict[Site, set[str]] = field(default_factory=lambda: defaultdict(set))

    def at(self, frame: FrameType | None) -> bool:
        """Whether the caller's line is the one out of force; its row is learnt."""
        if frame is None:
            return False
        place = (frame.f_code.co_filename, frame.f_lineno)
        self.rows[place].add(self.row)
        return place == self.site


REMOVAL = Removal()


def _scoped(actor: Actor, **columns: Any) -> Any:
    is_out = REMOVAL.at(sys._getframe(1))
    return true() if is_out or REMOVAL.everything else SCOPED(actor, **columns)


SCOPED = access.scoped


def _seeing(see: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(see)
    def seen(*given: Any, **named: Any) -> Any:
        if not REMOVAL.at(sys._getframe(1)):
            return see(*given, **named)
        REMOVAL.everything = True
        try:
            return see(*given, **named)
        finally:
            REMOVAL.everything = False

    return seen


GUARDED = Allowed.__call__


def _guard(self: Allowed, request: Request, session: SessionDep) -> Actor:
    if not REMOVAL.guard:
        return GUARDED(self, request, session)
    actor = access.identify(session, request, self.permission)
    if actor is None:
        raise Unauthenticated
    request.state.pending = False
    request.state.actor = actor
    return actor.using(self.permission)


def instrument(patch: pytest.MonkeyPatch) -> None:
    """Put the stand-ins in every module of the application that knows the originals."""
    patch.setattr(Allowed, "__call__", _guard)
    standing: dict[int, Callable[..., Any]] = {id(SCOPED): _scoped}
    for module in _modules():
        for name, value in vars(module).items():
            if name.startswith("see_") and callable(value) and value.__module__ == module.__name__:
                standing[id(value)] = _seeing(value)
    for module in _modules():
        for name, value in list(vars(module).items()):
            if id(value) in standing:
                patch.setattr(module, name, standing[id(value)])


def _modules() -> list[ModuleType]:
    return [m for name, m in sorted(sys.modules.items()) if name.startswith("app.") and m is not None]


# Running ----------------------------------------------------------------------------------------


def first_fault(ground: Ground, row: str) -> str | None:
    """What a row says, if anything; a failure of the application itself is a fault like another."""
    REMOVAL.row = row
    try:
        return next(faults(ground, row), None)
    except Exception as error:
        return repr(error)[:200]


def order(rows: set[str]) -> list[str]:
    """The quickest first: reads before writes, the API before pages."""
    return sorted(rows, key=lambda row: (not row.startswith("GET"), "/api/" not in row, row))


def noticed(ground: Ground, rows: set[str]) -> str | None:
    """The first fault of any of the rows."""
    ground.renew()
    for row in order(rows):
        if fault := first_fault(ground, row):
            return fault
    return None


@contextlib.contextmanager
def without(**what: object) -> Iterator[None]:
    """Something out of force."""
    before = {name: getattr(REMOVAL, name) for name in what}
    for name, value in what.items():
        setattr(REMOVAL, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(REMOVAL, name, value)


def quiet_client(ground: Ground) -> TestClient:
    """A client to whom a broken application answers 500 instead of breaking the walk."""
    return TestClient(ground.site, follow_redirects=False, raise_server_exceptions=False)


@pytest.fixture
def soaked(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    """The ground with the stand-ins in place, nothing out of force."""
    instrument(monkeypatch)
    before = ground.client
    with quiet_client(ground) as client:
        ground.client = client
        yield ground
    ground.client = before


def say(line: str) -> None:
    """Progress, as it goes."""
    sys.stderr.write(line + "\n")


@pytest.mark.timeout(0)
def test_each_check_is_missed_when_it_is_gone(soaked: Ground) -> None:
    begun = time.monotonic()
    learn(soaked)
    survivors = [*_sites(soaked), *_guards(soaked), *_others(soaked)]
    say(f"{time.monotonic() - begun:.0f} s")
    for name in survivors:
        say(f"SURVIVES {name}")
    assert [name for name in survivors if name not in EQUIVALENT] == []


def learn(ground: Ground) -> None:
    """Which rows go through which check; the matrix itself must hold."""
    for row in MATRIX:
        assert first_fault(ground, row) is None, row
    say(f"{len(MATRIX)} rows hold")


def _sites(ground: Ground) -> Iterator[str]:
    known = sites(lambda name: name == "scoped" or name.startswith("see_"))
    say(f"{len(known)} calls of scoped and of see_…")
    for site, name in known.items():
        rows = set(REMOVAL.rows.get(site, ()))
        with without(site=site):
            fault = noticed(ground, rows)
        say(f"{name}: {fault or 'nothing'} ({len(rows)} rows)"[:160])
        if fault is None:
            yield name.replace(f":{site[1]}", "")


def _guards(ground: Ground) -> Iterator[str]:
    guarded = [row for row, cells in MATRIX.items() if "403" in "/".join(cells.values()) or "404" in cells["anonymous"]]
    say(f"{len(guarded)} guards")
    for row in guarded:
        with without(guard=True):
            fault = noticed(ground, {row})
        if fault is None:
            say(f"guard of {row}: nothing")
            yield f"guard of {row}"


# Others, by name --------------------------------------------------------------------------------


def _any_role(_: object) -> frozenset[Role]:
    return frozenset(Role)


def _not_pending(self: Actor, permission: Permission) -> bool:
    return CAN(Actor(self.person_id, self.name, self.held, scope=self.scope), permission)


CAN = Actor.can


def _scopeless(self: Actor, permission: Permission) -> bool:
    return CAN(Actor(self.person_id, self.name, self.held, pending=self.pending), permission)


def _nothing(*_: object, **__: object) -> None:
    return None


def _inside(*_: object) -> bool:
    return True


ME = frozenset({f"GET {V1}/me"})
GIVING = frozenset({f"POST {V1}/colleges/{{college_id}}/people#registrar"})
OTHERS: tuple[tuple[str, object, str, object, frozenset[str]], ...] = (
    ("nobody gives a role above their own", service_accounts, "roles_given_by", _any_role, GIVING),
    ("an API token does no more than its scope", Actor, "can", _scopeless, ME),
    ("the second factor is awaited", Actor, "can", _not_pending, ME),
    ("who is named has a role in the college", codev, "known_person", _nothing, frozenset()),
    ("the reason of a turn stays in the group", service_sessions, "is_inside", _inside, frozenset()),
)
"""What else stands in the way, and the rows that should say so; without rows, a swap or the reason of a turn."""


def _others(ground: Ground) -> Iterator[str]:
    for name, where, attribute, instead, rows in OTHERS:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(where, attribute, instead)
            fault = noticed(ground, set(rows)) or _by_swap(ground) or _by_reason(ground)
        say(f"{name}: {fault or 'nothing'}"[:160])
        if fault is None:
            yield name


def _by_swap(ground: Ground) -> str | None:
    """What an id of another college opens."""
    for row in (r for r in MATRIX if "codev" in r and r.startswith("P") and knocker(r)):
        actor = knocker(row) or ""
        for what, request in islice(swapped(row, ground.places["alma"], ground.places["rouyn"]), 20):
            answer = ground.call(actor, row, ground.places["alma"], **request)
            if wrong := refused(ground, actor, row, answer):
                return f"{row} {what}: {wrong}"
    return None


def _by_reason(ground: Ground) -> str | None:
    """Whether the coordinator reads why a turn was missed."""
    answer = ground.call("coordinator", f"GET {V1}/codev/sessions/{{session_id}}", ground.places["alma"])
    return "absence" if "absence" in [turn["reason"] for turn in answer.json()["turns"]] else None
