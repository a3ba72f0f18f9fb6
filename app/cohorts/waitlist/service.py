"""The waitlist of a cohort as a coordinator reads and orders it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from app.cohorts.applications.service import log_applications
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import EnrolmentState, WaitlistSort
from app.cohorts.models import Cohort, Enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.service import require_not_archived
from app.cohorts.waitlist.models import SeatOffer, WaitlistPriority
from app.cohorts.waitlist.order import waiting
from app.cohorts.waitlist.schemas import (
    OfferHours,
    PriorityCommand,
    SeatOffered,
    Waiting,
    WaitlistQuery,
    WaitlistShown,
    WaitlistTerms,
)
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.paging import contains_words, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import Conflict
from app.platform.paging import PAGE_SIZE, Page
from app.platform.security.actor import Actor

OFFERS_SHOWN = 50
"""How many of the newest offers are shown."""


def waitlist(db: Session, cohort: CohortRef, *, after: int | None = None, limit: int = PAGE_SIZE) -> WaitlistShown:
    """Return a cohort's waitlist in its order, ``limit`` people at a time; what it reads of people is logged."""
    statement, people = _waiting(cohort)
    rows, next_ = fetch_after(db, statement, (people.c.place,), col(Enrolment.id), after=after, limit=limit)
    terms = offer_terms(db, cohort)
    return WaitlistShown(**dict(terms), waiting=_read(db, cohort, rows), next=next_)


def list_waiting(db: Session, cohort: CohortRef, query: WaitlistQuery) -> Page[Waiting]:
    """Return a page of the people of a waitlist, in its order; that they were read is logged."""
    statement, people = _waiting(cohort)
    matching = statement.where(*contains_words(col(Person.search_key), query.words))
    page = fetch_page(db, matching, query, {WaitlistSort.PLACE: (people.c.place,)}, col(Enrolment.id))
    return replace(page, items=_read(db, cohort, page.items))


def offer_terms(db: Session, cohort: CohortRef) -> WaitlistTerms:
    """Return a cohort's seats, for how long they are offered, and the newest offers, whose readings are logged."""
    row = db.exec(select(Cohort).where(Cohort.id == cohort.id)).one()
    offers = db.execute(_offers(cohort)).all()
    log_applications(db, cohort, [one.person_id for one in offers])
    return WaitlistTerms(
        capacity=row.capacity,
        seated=row.seated,
        offer_hours=row.offer_hours,
        offers=tuple(SeatOffered.model_validate(one) for one in offers),
    )


def _waiting(cohort: CohortRef) -> tuple[sa.Select[*tuple[Any, ...]], sa.Subquery]:
    """Return the statement of the people who wait, with their names, and the list that it reads."""
    people = waiting(cohort.id)
    statement = (
        sa.select(
            col(Enrolment.id), people.c.person_id, people.c.received_at, people.c.is_first, people.c.position,
            shown_name().label("name"),
        )
        .select_from(people)
        .join(Enrolment, col(Enrolment.id) == people.c.id)
        .join(Person, col(Person.id) == people.c.person_id)
    )  # fmt: skip
    return statement, people


def _read(db: Session, cohort: CohortRef, rows: Sequence[Any]) -> tuple[Waiting, ...]:
    """Return rows as people who wait, and log that they were read."""
    log_applications(db, cohort, [row.person_id for row in rows])
    return tuple(Waiting.model_validate({"enrolment_id": row.id, **row._mapping}) for row in rows)


def _offers(cohort: CohortRef) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of a cohort's offers: those that stand first, then the newest."""
    return (
        sa.select(
            *(
                col(c)
                for c in (
                    SeatOffer.enrolment_id, SeatOffer.offered_at, SeatOffer.expires_at, SeatOffer.answered_at,
                    SeatOffer.answer, Enrolment.person_id,
                )
            ),
            shown_name().label("name"),
        )
        .select_from(SeatOffer)
        .join(Enrolment, col(Enrolment.id) == SeatOffer.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(col(Enrolment.cohort_id) == cohort.id)
        .order_by(col(SeatOffer.answered_at).is_not(None), col(SeatOffer.id).desc())
        .limit(OFFERS_SHOWN)
    )  # fmt: skip


def set_offer_hours(db: Session, cohort: CohortRef, command: OfferHours) -> WaitlistShown:
    """Set for how many hours seats are offered from now on; offers that stand keep theirs.

    Raises ``Conflict("cohort_archived")``.
    """
    row = db.get_one(Cohort, cohort.id, with_for_update={"key_share": True}, populate_existing=True)
    require_not_archived(row)
    row.offer_hours = command.offer_hours
    db.add(row)
    db.flush()
    return waitlist(db, cohort)


def set_priority(db: Session, actor: Actor, enrolment: EnrolmentRef, command: PriorityCommand) -> None:
    """Let someone who waits come first, or no longer, for a reason.

    Raises ``Conflict``: ``cohort_archived``, ``not_waiting``.
    """
    cohort = db.get_one(Cohort, enrolment.cohort_id, with_for_update={"key_share": True}, populate_existing=True)
    require_not_archived(cohort)
    state = select(Enrolment.state).where(Enrolment.id == enrolment.id)
    if db.exec(state).one() is not EnrolmentState.WAITLISTED:
        raise Conflict("not_waiting")
    db.add(
        WaitlistPriority(
            college_id=enrolment.college_id,
            enrolment_id=enrolment.id,
            is_first=command.is_first,
            reason=command.reason,
            decided_at=now(),
            decided_by=actor.person_id,
        )
    )
    db.flush()
