"""The people of the drill: the small network of the tests, its participants copied, each signed in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import text

from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import NewSession
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand
from app.cohorts import service as cohorts
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.service import create_sign_in
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from bench.network import copy_rows
from tests.factories import bulk_clone
from tests.factories.activities import complete_prerequisites
from tests.factories.network import STARTED, World, acting, build, token

LEARNERS = 150
"""Participants who declare hours, hand in and are judged."""
ELIGIBLE = 240
"""Participants who wait for their attestation."""
HOURS = 6
STAFF = ("coordinator", "registrar", "trainer", "maude", "other_trainer")


@dataclass(frozen=True, slots=True)
class Learner:
    """A participant: the enrolment, a bearer token, an attempt that was handed in."""

    enrolment: int
    token: str
    hand_in: int


@dataclass
class Population:
    """Who takes part in the drill."""

    world: World
    tokens: dict[str, str]
    learners: list[Learner] = field(default_factory=list)
    eligible: list[int] = field(default_factory=list)
    session: int = 0
    roll_call: int = 0


def populate(database: Database) -> Population:
    """Fill a migrated database."""
    world = build(database)
    complete_prerequisites(database, world, "elise")
    eligible = bulk_clone.make_eligible(database, world, ELIGIBLE)
    with database.as_owner() as db:
        named = {"person": {"legal_last_name": "'Apprenante ' || k", "search_key": "'apprenante ' || k"}}
        strides = copy_rows(db, {"person": f"r.id = {world.people['elise']}"}, LEARNERS - 1, changed=named)
        first = text(
            "select a.id as account, (select min(id) from hand_in where enrolment_id = :enrolment) as hand_in"
            " from account a where a.person_id = :person"
        )
        row = db.execute(first, {"enrolment": world.enrolments["elise"], "person": world.people["elise"]}).one()
        db.execute(text("analyze"))
    tokens = {who: token(database, world, who) for who in STAFF}
    people = Population(world, tokens, eligible=eligible)
    for k in range(LEARNERS):
        with database.transaction() as db:
            account = row.account + k * strides["account"]
            secret, _ = create_sign_in(db, account, kind=SignInKind.BEARER, hours=HOURS, second_factor=True)
        enrolment = world.enrolments["elise"] + k * strides["enrolment"]
        people.learners.append(Learner(enrolment, secret, row.hand_in + k * strides["hand_in"]))
    _hold_session(database, people)
    return people


def _hold_session(database: Database, people: Population) -> None:
    """Hold a session of the other college, whose cohort has one participant, and close its roll call."""
    world = people.world
    with database.transaction() as db:
        actor = acting(db, world, "other_coordinator", P.SESSION_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.other_cohort)
        began = datetime.combine(STARTED, datetime.min.time(), UTC).replace(hour=15)
        held = calendar.schedule(db, actor, cohort, NewSession(activity_code="GEN-1.B", starts_at=min(began, now())))
        entry = EntryCommand(
            enrolment_id=world.enrolments["other_participant"], status=PresenceStatus.ABSENT, minutes=0
        )
        ref = calendar.see_session(db, actor, held.id)
        sheet = roll_calls.close_roll_call(db, actor, ref, RollCallCommand(entries=(entry,)))
        people.session, people.roll_call = held.id, sheet.roll_call_id or 0
