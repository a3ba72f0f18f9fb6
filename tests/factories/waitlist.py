"""People who apply to a cohort, wait for a seat, and answer its offer."""

from collections.abc import Callable
from datetime import timedelta

from psycopg.errors import LockNotAvailable
from sqlalchemy.exc import OperationalError
from sqlmodel import col, select

from app.cohorts import service as cohorts
from app.cohorts.applications import own
from app.cohorts.enrolments import service as enrolments
from app.cohorts.enrolments.schemas import ApplyCommand, MoveCommand
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.waitlist.filling import fill_seats
from app.cohorts.waitlist.models import SeatOffer
from app.cohorts.waitlist.schemas import OfferAnswerCommand, OwnApplication
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.errors import DomainError
from app.platform.security.permissions import P
from tests.factories.cohorts import set_capacity as change_capacity
from tests.factories.network import PASSWORD, World, acting

S = EnrolmentState
SEATED = 4
"""The seats that the world's participants take."""


def outcome_of(act: Callable[[], object]) -> str:
    """Return the code of an act's refusal; ``busy`` where a lock was waited for longer than a request may; ``done``."""
    try:
        act()
    except DomainError as refused:
        return refused.code
    except OperationalError as error:
        if not isinstance(error.orig, LockNotAvailable):
            raise
        return "busy"
    return "done"


def add_people(database: Database, world: World, count: int) -> list[str]:
    """Add people with accounts and no role; return their names in the world."""
    names = [f"wait{n}" for n in range(count)]
    with database.transaction() as db:
        for name in names:
            email = f"{name}@escouade.example.com"
            person = NewAccount(legal_first_name=name, legal_last_name="Attente", email=email, password=PASSWORD)
            world.people[name] = add_account(db, person, password_hash="rien")
            world.emails[name] = email
    return names


def apply(database: Database, world: World, who: str, motive: str = "Apprendre.") -> int:
    """Apply as someone to the world's cohort; return the enrolment."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.COHORT_APPLY)
        cohort = cohorts.see_open_cohort(db, actor, world.cohort)
        world.enrolments[who] = enrolments.apply(db, actor, cohort, ApplyCommand(motive=motive)).id
    return world.enrolments[who]


def move(database: Database, world: World, who: str, to: EnrolmentState, reason: str | None = "Une raison.") -> None:
    """Change someone's state as the coordinator."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.ENROLMENT_MANAGE)
        ref = enrolments.see_enrolment(db, actor, world.enrolments[who])
        enrolments.move(db, actor, ref, MoveCommand(to=to, reason=reason))


def wait_for_seat(database: Database, world: World, *people: str) -> None:
    """Apply as each of them, then put them on the waitlist."""
    for who in people:
        apply(database, world, who)
        move(database, world, who, S.WAITLISTED, None)


def set_capacity(database: Database, world: World, capacity: int) -> None:
    """Change the number of seats of the world's cohort."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.COHORT_MANAGE)
        change_capacity(db, cohorts.see_cohort(db, actor, world.cohort), capacity)


def fill(database: Database, world: World) -> None:
    """Run the job that offers the free seats of the world's cohort."""
    fill_seats(database, world.cohort)


def answer(database: Database, world: World, who: str, *, accept: bool) -> OwnApplication:
    """Answer the offer of a seat as the person to whom it is made."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.COHORT_APPLY)
        ref = own.see_own_application(db, actor, world.enrolments[who])
        return own.answer_offer(db, actor, ref, OfferAnswerCommand(accept=accept))


def expire(database: Database, world: World, who: str) -> None:
    """Let the open offer of someone have expired a minute ago."""
    with database.as_owner() as db:
        statement = select(SeatOffer).where(
            SeatOffer.enrolment_id == world.enrolments[who], col(SeatOffer.answered_at).is_(None)
        )
        offer = db.exec(statement).one()
        offer.offered_at, offer.expires_at = now() - timedelta(hours=73), now() - timedelta(minutes=1)
        db.add(offer)


def state_of(database: Database, world: World, who: str) -> EnrolmentState:
    """Return the state of someone's enrolment."""
    with database.as_owner() as db:
        return EnrolmentState(db.exec(select(Enrolment.state).where(Enrolment.id == world.enrolments[who])).one())
