"""Random histories of applications, a waitlist, withdrawals and returns, against a model, on the real database."""

from copy import deepcopy

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import text

from app.cohorts.enums import EnrolmentState
from app.platform.database.transaction import Database
from tests.database_copy import DatabaseCopy
from tests.factories import waitlist
from tests.factories.network import World
from tests.factories.waitlist import add_people, outcome_of

PEOPLE = 4
S = EnrolmentState
SEATED = {S.OFFERED, S.ADMITTED, S.ACTIVE}
"""The states of the model's people that take a seat."""
AGAIN = {S.REFUSED, S.DECLINED, S.WITHDRAWN}
"""The states from which someone who never began applies again."""
Who = st.integers(0, PEOPLE - 1)


class Admissions(RuleBasedStateMachine):
    """A cohort whose four participants have begun, and four people who come, wait, begin, leave and return.

    The model: the state of each person, who has begun, the order of their last applications, and the number of seats.
    A history starts where most happens: one seat is free, three people waited for it, and the first has an offer.
    """

    database: Database
    copy: DatabaseCopy
    network: World

    def __init__(self) -> None:
        super().__init__()
        self.copy.put_back()
        self.world = deepcopy(self.network)
        self.people = add_people(self.database, self.world, PEOPLE)
        self.states: dict[str, EnrolmentState] = {}
        self.order: list[str] = []
        self.begun: set[str] = set()
        self.capacity = waitlist.SEATED + 1
        waitlist.set_capacity(self.database, self.world, self.capacity)
        for n in range(PEOPLE - 1):
            self.applies(n)
            self.is_moved(n, S.WAITLISTED, reason=False)
        self.seats_are_offered()

    def seated(self) -> int:
        """Return how many seats the model has taken."""
        return waitlist.SEATED + sum(state in SEATED for state in self.states.values())

    def waiting(self) -> list[str]:
        """Return who waits in the model, in order."""
        return [who for who in self.order if self.states[who] is S.WAITLISTED]

    @rule(n=Who)
    def applies(self, n: int) -> None:
        """Apply, or apply again."""
        who = self.people[n]
        outcome = outcome_of(lambda: waitlist.apply(self.database, self.world, who))
        state = self.states.get(who)
        if state is None or (state in AGAIN and who not in self.begun):
            assert outcome == "done"
            self.states[who] = S.APPLIED
            self.order = [*(one for one in self.order if one != who), who]
        else:
            assert outcome == ("had_begun" if state in AGAIN else "already_applied")

    @rule(
        n=Who,
        to=st.sampled_from([S.ADMITTED, S.ACTIVE, S.WAITLISTED, S.REFUSED, S.WITHDRAWN]),
        reason=st.booleans(),
    )
    @precondition(lambda self: self.states)
    def is_moved(self, n: int, to: EnrolmentState, reason: bool) -> None:
        """Let the coordinator change someone's state, with or without a reason."""
        who = self.people[n]
        if who not in self.states:
            return
        why = "Une raison." if reason else None
        outcome = outcome_of(lambda: waitlist.move(self.database, self.world, who, to, why))
        assert outcome == self.expected(who, to, reason=reason), (self.states[who], to)
        if outcome == "done":
            self.states[who] = to
            if to is S.ACTIVE:
                self.begun.add(who)
            elif to is S.ADMITTED:
                self.begun.discard(who)  # who was active by mistake

    def expected(self, who: str, to: EnrolmentState, *, reason: bool) -> str:
        """Return what a change of state answers in the model."""
        now, waiting = self.states[who], self.waiting()
        allowed = {
            S.APPLIED: {S.ADMITTED, S.WAITLISTED, S.REFUSED, S.WITHDRAWN},
            S.WAITLISTED: {S.ADMITTED, S.REFUSED},
            S.OFFERED: {S.ADMITTED, S.REFUSED},
            S.ADMITTED: {S.ACTIVE, S.WITHDRAWN},
            S.ACTIVE: {S.ADMITTED, S.WITHDRAWN},
            S.WITHDRAWN: {S.ACTIVE if who in self.begun else S.ADMITTED},
        }
        if to not in allowed.get(now, set()):
            return "move_not_allowed"
        if not reason and (to in {S.REFUSED, S.WITHDRAWN} or now in {S.WITHDRAWN, S.ACTIVE}):
            return "reason_needed"
        if to in SEATED and now not in SEATED:
            if self.seated() >= self.capacity:
                return "cohort_full"
            before = waiting.index(who) if who in waiting else len(waiting)
            if before and not reason and now is not S.WITHDRAWN:
                return "waitlist_first"
        return "done"

    @rule()
    def seats_are_offered(self) -> None:
        """Run the job: each free seat goes to the next person."""
        waitlist.fill(self.database, self.world)
        for who in self.waiting()[: max(self.capacity - self.seated(), 0)]:
            self.states[who] = S.OFFERED

    @rule(n=Who, accept=st.booleans())
    def answers(self, n: int, accept: bool) -> None:
        """Answer an offer, if there is one."""
        who = self.people[n]
        if who not in self.states:
            return
        outcome = outcome_of(lambda: waitlist.answer(self.database, self.world, who, accept=accept))
        assert outcome == ("done" if self.states[who] is S.OFFERED else "no_offer")
        if outcome == "done":
            self.states[who] = S.ADMITTED if accept else S.DECLINED

    @rule(n=Who)
    def lets_an_offer_expire(self, n: int) -> None:
        """Let an offer expire, and the job pass the seat on."""
        who = self.people[n]
        if self.states.get(who) is S.OFFERED:
            waitlist.expire(self.database, self.world, who)
            self.states[who] = S.DECLINED
            self.seats_are_offered()

    @rule(seats=st.integers(waitlist.SEATED, waitlist.SEATED + 3))
    def capacity_changes(self, seats: int) -> None:
        """Change the number of seats, never below those taken."""
        outcome = outcome_of(lambda: waitlist.set_capacity(self.database, self.world, seats))
        assert outcome == ("seats_taken" if seats < self.seated() else "done")
        if outcome == "done":
            self.capacity = seats

    @invariant()
    def database_is_the_model_and_oversells_nothing(self) -> None:
        """Compare every state, the seats taken, and the seats."""
        with self.database.engine.connect() as owner:
            ids = {self.world.enrolments[who]: who for who in self.states}
            found = owner.execute(text("select id, state from enrolment where id = any(:ids)"), {"ids": list(ids)})
            assert {ids[row.id]: S(row.state) for row in found} == self.states
            kept = text("select seated, capacity from cohort where id = :id")
            seated, capacity = owner.execute(kept, {"id": self.world.cohort}).one()
        assert (seated, capacity) == (self.seated(), self.capacity)
        assert seated <= capacity


@pytest.mark.timeout(400)
def test_histories_of_admissions_follow_the_model_and_never_oversell(
    database: Database, database_copy: DatabaseCopy, world: World
) -> None:
    """Some ten histories of twenty acts, each a transaction: a few seconds."""
    machine = type("Machine", (Admissions,), {"database": database, "copy": database_copy, "network": world})
    few = settings(
        max_examples=10, stateful_step_count=20, deadline=None, derandomize=True,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=few)
