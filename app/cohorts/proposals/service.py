"""Changes of an enrolment's state that one person proposes and another one confirms."""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Cohort, Enrolment, EnrolmentProposal
from app.cohorts.proposals.schemas import EnrolmentProposalRef, EnrolmentProposals, EnrolmentProposalShown
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.paging import fetch_after
from app.platform.database.session import Session
from app.platform.errors import Conflict, NotFound
from app.platform.paging import PAGE_SIZE
from app.platform.security.actor import Actor, scoped


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What later features know of an enrolment: is a certificate allowed, one in force, a review asked for open.

    Of a cohort, how many people something was recorded of: a presence, a work, hours; how many sessions are to come,
    and how many are held without a roll call.
    """

    is_eligible: Callable[[Session, int], bool]
    is_certified: Callable[[Session, int], bool]
    count_recorded: Callable[[Session, int], int]
    count_unfinished: Callable[[Session, int], tuple[int, int]]
    is_under_review: Callable[[Session, int], bool]


_outcomes: list[Outcomes] = []


def register(outcomes: Outcomes) -> None:
    """Register what later features know; the last registration counts."""
    _outcomes[:] = [outcomes]


def is_eligible(db: Session, enrolment_id: int) -> bool:
    """Return whether the facts allow some certificate of the path."""
    return any(outcomes.is_eligible(db, enrolment_id) for outcomes in _outcomes)


def is_certified(db: Session, enrolment_id: int) -> bool:
    """Return whether a certificate of the enrolment is in force."""
    return any(outcomes.is_certified(db, enrolment_id) for outcomes in _outcomes)


def is_under_review(db: Session, enrolment_id: int) -> bool:
    """Return whether a review of a judgement of the enrolment is open."""
    return any(outcomes.is_under_review(db, enrolment_id) for outcomes in _outcomes)


def count_recorded(db: Session, cohort_id: int) -> int:
    """Return how many people of a cohort have something recorded."""
    return sum(outcomes.count_recorded(db, cohort_id) for outcomes in _outcomes)


def count_unfinished(db: Session, cohort_id: int) -> tuple[int, int]:
    """Return how many sessions of a cohort are to come, and how many were held without a roll call."""
    counted = [outcomes.count_unfinished(db, cohort_id) for outcomes in _outcomes]
    return sum(to_come for to_come, _ in counted), sum(calls_open for _, calls_open in counted)


def count_open_proposals(db: Session, cohort_id: int) -> int:
    """Return how many changes in a cohort await a second person."""
    waiting = (
        sa.select(sa.func.count())
        .select_from(EnrolmentProposal)
        .join(Enrolment, col(Enrolment.id) == EnrolmentProposal.enrolment_id)
        .where(col(Enrolment.cohort_id) == cohort_id, col(EnrolmentProposal.decided_at).is_(None))
    )
    return int(db.execute(waiting).scalar_one())


def propose(db: Session, actor: Actor, row: Enrolment, to: EnrolmentState, reason: str) -> None:
    """Add the proposal of a locked enrolment's change; ``Conflict("already_proposed")`` when one is open."""
    pending = select(EnrolmentProposal.id).where(
        EnrolmentProposal.enrolment_id == row.id, col(EnrolmentProposal.decided_at).is_(None)
    )
    if db.exec(pending).first() is not None:
        raise Conflict("already_proposed")
    db.add(
        EnrolmentProposal(
            college_id=row.college_id,
            enrolment_id=row.id,
            to_state=to,
            reason=reason,
            proposed_at=now(),
            proposed_by=actor.person_id,
        )
    )
    db.flush()


def see_enrolment_proposal(db: Session, actor: Actor, enrolment_proposal_id: int) -> EnrolmentProposalRef:
    """Return a proposed change within the actor's reach; raise ``NotFound`` otherwise."""
    row = db.execute(
        sa.select(
            col(EnrolmentProposal.id),
            col(EnrolmentProposal.college_id),
            col(EnrolmentProposal.enrolment_id),
            col(EnrolmentProposal.proposed_by),
            col(Enrolment.person_id),
        )
        .join(Enrolment, col(Enrolment.id) == EnrolmentProposal.enrolment_id)
        .where(col(EnrolmentProposal.id) == enrolment_proposal_id, scoped(actor, college=EnrolmentProposal.college_id))
    ).one_or_none()
    if row is None:
        raise NotFound
    return EnrolmentProposalRef.model_validate(row)


def open_proposals(
    db: Session, actor: Actor, *, after: int | None = None, limit: int = PAGE_SIZE
) -> EnrolmentProposals:
    """Return the changes within reach that await a second person, oldest first."""
    proposer = aliased(Person)
    statement = (
        sa.select(EnrolmentProposal, Enrolment.person_id, Person, proposer, Cohort.title)  # type: ignore[call-overload]
        .join(Enrolment, col(Enrolment.id) == EnrolmentProposal.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .join(Cohort, col(Cohort.id) == Enrolment.cohort_id)
        .join(proposer, col(proposer.id) == EnrolmentProposal.proposed_by)
        .where(col(EnrolmentProposal.decided_at).is_(None), scoped(actor, college=EnrolmentProposal.college_id))
    )
    rows, next_ = fetch_after(db, statement, (), col(EnrolmentProposal.id), after=after, limit=limit)
    items = tuple(
        EnrolmentProposalShown(
            **row.model_dump(include={"id", "enrolment_id", "to_state", "reason", "proposed_at"}),
            name=person.name,
            cohort_title=title,
            proposed_by=by.name,
            mine=actor.person_id in {row.proposed_by, person_id},
        )
        for row, person_id, person, by, title in rows
    )
    return EnrolmentProposals(items=items, next=next_)
