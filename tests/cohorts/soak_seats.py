"""The last seat, a hundred times, by eight processes at once: none is sold twice (``make soak``, not ``make test``).

Each round puts whoever fell out on the waitlist again and frees a seat. Eight processes then admit, accept, decline,
withdraw, change the capacity and run the job, all from the same moment. After each round the cohort has no more people
seated than seats, by its kept figure and by a count, and every refusal is one that the rules know.
"""

import random
import sys
from collections import Counter
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import pytest
from sqlmodel import select

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort
from app.cohorts.rules import AGAIN
from app.deployment import open_database
from app.features import FIGURES
from app.platform.database.transaction import Addresses, Database
from tests.factories.network import World
from tests.factories.waitlist import (
    SEATED,
    add_people,
    answer,
    apply,
    fill,
    move,
    outcome_of,
    set_capacity,
    state_of,
)

ROUNDS = 100
PROCESSES = 8
ACTS = 4
"""How many acts each process makes in a round."""
PEOPLE = 16
S = EnrolmentState
KNOWN = frozenset({"done", "no_offer", "offer_expired", "cohort_full", "move_not_allowed", "seats_taken", "busy"})
"""What may come of an act; ``busy``: a lock was waited for longer than a request may."""


def act(database: Database, world: World, people: list[str], dice: random.Random) -> str:
    """Do one thing to the cohort; return the code of its refusal, or ``done``."""
    who = dice.choice(people)
    acts: tuple[Callable[[], object], ...] = (
        lambda: fill(database, world),
        lambda: answer(database, world, who, accept=True),
        lambda: answer(database, world, who, accept=False),
        lambda: move(database, world, who, S.ADMITTED),
        lambda: move(database, world, who, S.WITHDRAWN),
        lambda: set_capacity(database, world, SEATED + dice.randint(1, 3)),
    )
    return outcome_of(dice.choice(acts))


def compete(seed: int, addresses: Addresses, world: World, moment: Barrier, outcomes: "Queue[str]") -> None:
    """Act at random in each round, from the moment at which every process is ready."""
    database, dice = open_database(addresses, pool_size=2), random.Random(seed)  # noqa: S311 - a test
    people = [who for who in world.people if who.startswith("wait")]
    for _ in range(ROUNDS):
        moment.wait()
        for _ in range(ACTS):
            try:
                outcomes.put(act(database, world, people, dice))
            except Exception as error:
                outcomes.put(repr(error)[:300])
        moment.wait()


def prepare(database: Database, world: World, people: list[str]) -> None:
    """Put whoever fell out on the waitlist again, and let the first who is seated leave."""
    states = {who: state_of(database, world, who) for who in people}
    seated = [who for who, state in states.items() if state in {S.ADMITTED, S.OFFERED}]
    for who, state in states.items():
        if state in AGAIN:
            apply(database, world, who)
            move(database, world, who, S.WAITLISTED)
    for who in seated[:1]:
        move(database, world, who, S.REFUSED if states[who] is S.OFFERED else S.WITHDRAWN)


@pytest.mark.timeout(0)
def test_hundred_rounds_of_eight_processes_oversell_no_seat(database: Database, world: World) -> None:
    people = add_people(database, world, PEOPLE)
    for who in people:
        apply(database, world, who)
        move(database, world, who, S.WAITLISTED)
    context = get_context("spawn")
    moment, outcomes = context.Barrier(PROCESSES + 1), context.Queue()
    processes = [
        context.Process(target=compete, args=(n, database.addresses, world, moment, outcomes), daemon=True)
        for n in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    seen: Counter[str] = Counter()
    oversold = 0
    for _ in range(ROUNDS):
        prepare(database, world, people)
        moment.wait()
        seen.update(outcomes.get() for _ in range(PROCESSES * ACTS))
        moment.wait()
        with database.as_owner() as db:
            cohort = db.exec(select(Cohort).where(Cohort.id == world.cohort)).one()
            oversold += cohort.seated > cohort.capacity
            assert not any(list(figure.differences(db)) for figure in FIGURES)
    for process in processes:
        process.join()
    sys.stderr.write(f"{ROUNDS} rounds, {PROCESSES} processes: {oversold} oversold, {dict(seen)}\n")
    assert oversold == 0
    assert seen.keys() <= KNOWN
    assert seen["done"] > ROUNDS
