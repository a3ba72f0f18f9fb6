"""Transfers as people make them: proposed at Alma, consented to, decided at Rouyn."""

from sqlmodel import select

from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.models import Enrolment
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from app.progress.schemas import Progress
from app.progress.service import compute_progress, mismatches
from app.transfers import reading, service
from app.transfers.schemas import AnswerConsent, DecideTransfer, ProposeTransfer, TransferShown
from tests.factories.network import World, acting

REASON = "Elle déménage."


def propose(
    database: Database, world: World, who: str = "maude", to: int | None = None, *, by: str = "coordinator"
) -> int:
    """Propose to transfer ``who`` from where they are, to Rouyn's cohort unless another is named; the id."""
    with database.transaction() as db:
        actor = acting(db, world, by, P.TRANSFER_MANAGE)
        enrolment = see_enrolment(db, actor, world.enrolments[who])
        command = ProposeTransfer(to_cohort_id=to or world.other_cohort, reason=REASON)
        return service.propose(db, actor, enrolment, command).id


def consent(database: Database, world: World, transfer: int, who: str = "maude", *, agrees: bool = True) -> None:
    """Answer for oneself."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.TRANSFER_CONSENT)
        service.answer_consent(db, actor, reading.see_transfer(db, actor, transfer), AnswerConsent(agrees=agrees))


def decide(
    database: Database,
    world: World,
    transfer: int,
    by: str = "other_coordinator",
    *,
    accepts: bool = True,
    reason: str | None = None,
) -> None:
    """Decide as the college that receives."""
    with database.transaction() as db:
        actor = acting(db, world, by, P.TRANSFER_MANAGE)
        ref = reading.see_received_transfer(db, actor, transfer)
        service.decide(db, actor, ref, DecideTransfer(accepts=accepts, reason=reason))


def transfer(database: Database, world: World, who: str = "maude") -> int:
    """Transfer someone from Alma to Rouyn, and return their new enrolment."""
    proposed = propose(database, world, who)
    consent(database, world, proposed, who)
    decide(database, world, proposed)
    new = read(database, world, proposed, "other_coordinator").to_enrolment_id
    assert new is not None
    return new


def read(database: Database, world: World, transfer_id: int, who: str) -> TransferShown:
    """Return a transfer as someone reads it."""
    with database.transaction() as db:
        actor = acting(db, world, who, P.TRANSFER_READ)
        return reading.load_transfer(db, actor, reading.see_transfer(db, actor, transfer_id))


def progress(database: Database, world: World, enrolment: int) -> Progress:
    """Return what the facts of an enrolment give; every kept row is what its facts give."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        assert mismatches(db) == []
        [(_, _, found)] = compute_progress(db, [enrolment])
        return found


def states(database: Database, world: World, who: str = "maude") -> list[tuple[str, str]]:
    """Return the college and the state of each enrolment of someone, oldest first."""
    with database.transaction(colleges=[world.alma, world.rouyn]) as db:
        own = select(Enrolment).where(Enrolment.person_id == world.people[who]).order_by(Enrolment.id)  # type: ignore[arg-type]
        return [("alma" if e.college_id == world.alma else "rouyn", e.state.value) for e in db.exec(own)]
