"""Takes away every single check, one at a time, and sees that a trial notices: ``make soak``, not ``make test``.

A check is a route's guard, a call of ``scoped`` in a query, a call of a ``see_…`` by whoever shows or changes a
thing, and a few others by name. A trial is a row of the matrix, or a walk that swaps ids. A first pass learns which
trials go through which check; a check is then replaced by one that lets everyone through, and its trials are run
until one says so. Row-level security stays: where it hides what a removed ``scoped`` would show, another cohort of
the college, or someone with roles in two colleges, must show it.

A check that another one doubles is missed by nobody when it goes alone. It is listed with the other, and both are
taken away: something must pass then that does not pass without the other alone.

``make soak SOAK=app/codev,scoped`` tries only the checks whose name holds one of these words, in the trials that the
last run learnt; it learns again when a check has come since.
"""

import contextlib
import json
import os
import re
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial, wraps
from types import FrameType, ModuleType
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from sqlalchemy import true

from app.codev.groups import service as codev
from app.codev.sessions import service as sessions
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.identity.invitations import service as invitations
from app.platform.database.session import Session
from app.platform.errors import Unauthenticated
from app.platform.locations import ROOT
from app.platform.security import actor as actor_module
from app.platform.security import guards
from app.platform.security.actor import Actor
from app.platform.security.guards import PermissionGuard, SeenGuard
from app.platform.security.permissions import Permission, Role
from app.platform.web.deps import SessionDep
from tests.access import access_probes as trials
from tests.access.access_db import HEADERS, AccessDatabase
from tests.access.checks import Site, checks, seen_sites
from tests.access.known_redundant_checks import GUARD, OFFER, REDUNDANT
from tests.access.matrix import MATRIX, row_faults
from tests.access.payloads import V1
from tests.access.test_every_route_is_guarded import guarded_routes
from tests.access.unscoped import UNSCOPED

Trial = Callable[[AccessDatabase], Iterator[str]]

KEPT = ROOT / ".escouade" / "soak.json"
WORDS = os.environ.get("SOAK", "").split(",")


# Out of force -----------------------------------------------------------------------------------


@dataclass
class Removal:
    """What is out of force now, and which trials went through what."""

    sites: frozenset[Site] = frozenset()
    guard: bool = False
    offer: bool = False
    everything: bool = False
    trial: str = ""
    trials: dict[Site, set[str]] = field(default_factory=lambda: defaultdict(set))

    def at(self, frame: FrameType, name: str) -> bool:
        """Whether the caller's line is out of force; its trial is learnt."""
        place = (frame.f_code.co_filename, frame.f_lineno, name)
        self.trials[place].add(self.trial)
        return place in self.sites


REMOVAL = Removal()


def _scoped(actor: Actor, **columns: Any) -> Any:
    is_out = REMOVAL.at(sys._getframe(1), "scoped")
    return true() if is_out or REMOVAL.everything else SCOPED(actor, **columns)


SCOPED = actor_module.scoped


def _in_offer() -> Any:
    return true() if REMOVAL.offer else IN_OFFER()


IN_OFFER = cohorts.in_offer


def _seeing(see: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(see)
    def seen(*given: Any, **named: Any) -> Any:
        if not REMOVAL.at(sys._getframe(1), see.__name__):
            return see(*given, **named)
        with without(everything=True):
            return UNSCOPED.get(see.__name__, see)(*given, **named)

    return seen


SEEN_GUARD = SeenGuard.__call__
SEEN_SITES: dict[tuple[int, str], Site] = {}
"""Where each ``seen`` guard of a route stands; filled when the application is instrumented."""


def _seen_guard(self: SeenGuard, *, request: Request, db: Session, actor: Actor, **path: object) -> Any:
    place = SEEN_SITES[id(self), route_of(REMOVAL.trial, id(self))]
    REMOVAL.trials[place].add(REMOVAL.trial)
    if place not in REMOVAL.sites:
        return SEEN_GUARD(self, request=request, db=db, actor=actor, **path)
    with without(everything=True):
        return UNSCOPED.get(self.see.__name__, self.see)(db, actor, **path)


def route_of(trial: str, guard: int) -> str:
    """Return the route that a trial calls; another one of the guard's when the trial calls several."""
    routes = [route for known, route in SEEN_SITES if known == guard]
    named = [route for route in routes if re.match(re.escape(route) + r"(?:$|[#?,])", trial)]
    return (named or routes)[0]


GUARDED = PermissionGuard.__call__


def _guard(self: PermissionGuard, request: Request, db: SessionDep) -> Actor:
    if not REMOVAL.guard:
        return GUARDED(self, request, db)
    actor = guards.bind_actor(db, request, self.permission)
    if actor is None:
        raise Unauthenticated
    request.state.pending = False
    request.state.actor = actor
    return actor.using(self.permission)


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


def instrument(patch: pytest.MonkeyPatch, site: FastAPI) -> None:
    """Put the stand-ins in every module of the application that knows the originals."""
    patch.setattr(PermissionGuard, "__call__", _guard)
    patch.setattr(SeenGuard, "__call__", _seen_guard)
    patch.setattr(enrolments, "in_offer", _in_offer)
    SEEN_SITES.update({key: place for key, (place, _) in seen_sites(site).items()})
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


# Trials -----------------------------------------------------------------------------------------


def another_college(row: str) -> str:
    """The name of the trial of a row with ids of another college."""
    return f"{row}, another college"


REASON = "the reason of a turn"
COUNTS = "the accompanied enterprises of a part"
WAITS = "what a home page counts, and a certificate by its number"
CLASHES = "what is meanwhile in a cohort that one does not read"
FEED = "the calendar of a cohort that one no longer reads"
ORDER = sorted(MATRIX, key=lambda row: (not row.startswith("GET"), "/api/" not in row, row))
"""The quickest first: reads before writes, the API before pages."""

TRIALS: dict[str, Trial] = {
    **{row: partial(row_faults, row=row) for row in ORDER},
    **{another_college(row): partial(trials.ids_of_another_college, row=row) for row in trials.SWAPPED},
    **{
        f"{row}, another cohort, as {actor}": partial(trials.ids_of_another_cohort, row=row, actor=actor)
        for row, actor in trials.WITHIN_A_COLLEGE
    },
    **{
        f"{row}, one’s other college": partial(trials.ids_of_the_actors_other_college, row=row)
        for row in trials.OF_TWO_COLLEGES
    },
    **{f"{row}?{name}": partial(trials.query_ids_of_another, row=row, name=name) for row, name in trials.QUERY_IDS},
    REASON: trials.reason_of_a_turn,
    COUNTS: trials.counts_out_of_reach,
    WAITS: trials.waits_out_of_reach,
    FEED: trials.calendar_out_of_reach,
    CLASHES: trials.clashes_out_of_reach,
}
"""By name, in the order in which they are tried."""


def all_faults(access_db: AccessDatabase, trial: str) -> Iterator[str]:
    """What a trial says; a failure of the application itself is a fault like another."""
    REMOVAL.trial = trial
    access_db.reset()
    try:
        yield from TRIALS[trial](access_db)
    except Exception as error:
        yield repr(error)[:200]


def noticed(access_db: AccessDatabase, names: set[str]) -> str | None:
    """The first fault of any of the trials."""
    access_db.recreate()
    tried = (fault for trial in TRIALS if trial in names for fault in all_faults(access_db, trial))
    return next(tried, None)


def passing(access_db: AccessDatabase, names: set[str], sites: set[Site], other: str) -> set[str]:
    """All faults of the trials without some checks, what the answers held left out."""
    access_db.recreate()
    with without(sites=frozenset(sites), guard=other == GUARD, offer=other == OFFER):
        return {fault.split(": '")[0] for trial in TRIALS if trial in names for fault in all_faults(access_db, trial)}


def is_tried(name: str) -> bool:
    """Whether this run is asked for a check."""
    return any(word in name for word in WORDS)


# The walk ---------------------------------------------------------------------------------------


@pytest.fixture
def soaked(access_db: AccessDatabase, monkeypatch: pytest.MonkeyPatch) -> Iterator[AccessDatabase]:
    """The ground with the stand-ins in place, nothing out of force; what breaks answers 500 and the walk goes on."""
    instrument(monkeypatch, access_db.site)
    before = access_db.client
    with TestClient(access_db.site, headers=HEADERS, follow_redirects=False, raise_server_exceptions=False) as client:
        access_db.client = client
        yield access_db
    access_db.client = before


def say(line: str) -> None:
    """Progress, as it goes."""
    sys.stderr.write(line[:200] + "\n")


@pytest.mark.timeout(0)
def test_each_check_is_missed_when_it_is_gone(soaked: AccessDatabase, site: FastAPI) -> None:
    begun = time.monotonic()
    learnt = kept(set(checks(site).values())) or learn(soaked)
    say(f"{len(TRIALS)} trials, {time.monotonic() - begun:.0f} s")
    survivors = [*_checks(soaked, learnt), *_guards(soaked, site), *_others(soaked)]
    say(f"{time.monotonic() - begun:.0f} s")
    assert survivors == []


def kept(known: set[str]) -> dict[str, list[str]] | None:
    """The trials that the last run learnt, when this one tries some and no check has come since."""
    if WORDS == [""] or not KEPT.exists():
        return None
    learnt: dict[str, list[str]] = json.loads(KEPT.read_text())
    return learnt if known <= learnt.keys() else None


def learn(access_db: AccessDatabase) -> dict[str, list[str]]:
    """The trials that go through each check, kept for runs that try some; all of them must hold."""
    for trial in TRIALS:
        assert list(all_faults(access_db, trial)) == [], trial
    learnt = {name: sorted(REMOVAL.trials[place]) for place, name in checks(access_db.site).items()}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(learnt))
    return learnt


def _checks(access_db: AccessDatabase, learnt: dict[str, list[str]]) -> Iterator[str]:
    """Checks that nothing misses though they are not listed, and listed ones that are missed or prove nothing."""
    known = checks(access_db.site)
    yield from (
        f"{name}: listed and not there" for name in {*REDUNDANT, *REDUNDANT.values()} - {*known.values(), GUARD, OFFER}
    )
    for place, name in known.items():
        if is_tried(name):
            names = set(learnt.get(name, ()))
            with without(sites=frozenset({place})):
                fault = noticed(access_db, names)
            both = _with_the_other(access_db, place, names, known) if fault is None and name in REDUNDANT else None
            say(f"{name}: {fault or both or 'NOTHING'} ({len(names)} trials)")
            if (fault and name in REDUNDANT) or not (fault or both):
                yield f"{name}: {'missed alone' if fault else 'nothing'}"


def _with_the_other(access_db: AccessDatabase, place: Site, names: set[str], known: dict[Site, str]) -> str | None:
    """What passes without both that does not pass without the other alone."""
    other = REDUNDANT[known[place]]
    others = {site for site, name in known.items() if name == other}
    alone = passing(access_db, names, others, other)
    both = passing(access_db, names, {*others, place}, other)
    return min((f"with {other}: {fault}" for fault in both - alone), default=None)


def _guards(access_db: AccessDatabase, site: FastAPI) -> Iterator[str]:
    guarded = {door for door, which in guarded_routes(site) if isinstance(which[0], PermissionGuard)}
    by_route = {row.split("#")[0]: row for row in reversed(ORDER)}
    for door in sorted(guarded):
        if is_tried(name := f"guard of {door}"):
            with without(guard=True):
                fault = noticed(access_db, {by_route[door]})
            if fault is None:
                say(f"{name}: NOTHING")
                yield name
    say(f"{len(guarded)} guards")


# Others, by name --------------------------------------------------------------------------------


def _any_role(_: object) -> frozenset[Role]:
    return frozenset(Role)


def _not_pending(self: Actor, permission: Permission) -> bool:
    return CAN(Actor(self.person_id, self.name, self.grants, scope=self.scope), permission)


CAN = Actor.can


def _scopeless(self: Actor, permission: Permission) -> bool:
    return CAN(Actor(self.person_id, self.name, self.grants, pending=self.pending), permission)


def _nothing(*_: object, **__: object) -> None:
    return None


def _inside(*_: object) -> bool:
    return True


ME = f"GET {V1}/me"
GIVING = f"POST {V1}/colleges/{{college_id}}/invitations#registrar"
NAMING = another_college(f"PUT {V1}/codev/groups/{{group_id}}/facilitator")
OTHERS: tuple[tuple[str, object, str, object, str], ...] = (
    ("nobody gives a role above their own", invitations, "roles_grantable_by", _any_role, GIVING),
    ("an API token does no more than its scope", Actor, "can", _scopeless, ME),
    ("the second factor is awaited", Actor, "can", _not_pending, ME),
    ("who is named has a role in the college", codev, "require_known_person", _nothing, NAMING),
    ("the reason of a turn stays in the group", sessions, "is_inside", _inside, REASON),
)
"""What else stands in the way, and the trial that should say so."""


def _others(access_db: AccessDatabase) -> Iterator[str]:
    for name, where, attribute, instead, trial in OTHERS:
        if is_tried(name):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(where, attribute, instead)
                fault = noticed(access_db, {trial})
            say(f"{name}: {fault or 'NOTHING'}")
            if fault is None:
                yield name
