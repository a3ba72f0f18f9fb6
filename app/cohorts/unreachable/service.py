"""Reading whom the letters of a cohort do not reach, in as many statements whatever its size."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.audience import TOLD, select_trainers
from app.cohorts.enums import EnrolmentState
from app.cohorts.models import Enrolment
from app.cohorts.schemas import CohortRef
from app.cohorts.unreachable.schemas import Unreachable, UnreachableInvitation, UnreachablePerson
from app.identity.account.models import Account
from app.identity.invitations.models import Invitation
from app.people.models import Person, shown_name
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow
from app.platform.messages.letters import deliveries, deliveries_to, last_letter_stopped, letter_stopped
from app.platform.messages.rules import STOPPED, mask

WRITTEN_TO = TOLD | {
    EnrolmentState.APPLIED,
    EnrolmentState.WAITLISTED,
    EnrolmentState.OFFERED,
    EnrolmentState.ON_LEAVE,
    EnrolmentState.INCOMPLETE,
}
"""The states in which someone still gets letters about the cohort: an answer, an offer, a return."""


def unreachable(db: Session, cohort: CohortRef) -> Unreachable:
    """Return the people and the open invitations of a cohort whose last letter was refused or given up.

    A letter to a former address says nothing of the present one; an account that is suspended gets none.
    """
    allow(db, Right.LETTERS, Right.INVITATIONS)
    return Unreachable(people=_people(db, cohort), invitations=_invitations(db, cohort))


def count_unreachable(db: Session, cohort: CohortRef) -> int:
    """Return how many people and open invitations :func:`unreachable` names, in one statement."""
    allow(db, Right.LETTERS, Right.INVITATIONS)
    db.flush()
    counts = (
        _written_to(cohort).where(last_letter_stopped(Account.person_id, _SINCE)).with_only_columns(sa.func.count()),
        _open_invitations(cohort).where(letter_stopped(Invitation.letter_id)).with_only_columns(sa.func.count()),
    )
    people, invitations = db.execute(sa.select(*(count.order_by(None).scalar_subquery() for count in counts))).one()
    return int(people + invitations)


_SINCE = sa.func.coalesce(col(Account.email_since), col(Account.created_at))
"""Since when an account has its address."""


def _written_to(cohort: CohortRef) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of those who get letters about a cohort, by name."""
    enrolled = sa.select(col(Enrolment.person_id)).where(
        col(Enrolment.cohort_id) == cohort.id, col(Enrolment.state).in_(sorted(WRITTEN_TO))
    )
    return (
        sa.select(col(Account.person_id), shown_name().label("name"), _SINCE.label("since"))
        .join(Person, col(Person.id) == col(Account.person_id))
        .where(col(Account.person_id).in_(enrolled.union(select_trainers(cohort.id))))
        .where(col(Account.suspended_at).is_(None))
        .order_by(col(Person.search_key), col(Person.id))
    )


def _open_invitations(cohort: CohortRef) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of the invitations to a cohort that wait for an answer, by address."""
    return (
        sa.select(col(Invitation.id), col(Invitation.email), col(Invitation.letter_id))
        .where(
            col(Invitation.college_id) == cohort.college_id,
            col(Invitation.cohort_id) == cohort.id,
            col(Invitation.used_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            col(Invitation.expires_at) > now(),
        )
        .order_by(col(Invitation.email))
    )


def _people(db: Session, cohort: CohortRef) -> tuple[UnreachablePerson, ...]:
    rows = db.execute(_written_to(cohort)).all()
    last = deliveries_to(db, {row.person_id: row.since for row in rows})
    return tuple(
        UnreachablePerson(person_id=row.person_id, name=row.name, delivery=last[row.person_id])
        for row in rows
        if row.person_id in last and last[row.person_id].state in STOPPED
    )


def _invitations(db: Session, cohort: CohortRef) -> tuple[UnreachableInvitation, ...]:
    rows = db.execute(_open_invitations(cohort)).all()
    last = deliveries(db, (row.letter_id for row in rows))
    return tuple(
        UnreachableInvitation(invitation_id=row.id, recipient=mask(row.email), delivery=last[row.letter_id])
        for row in rows
        if row.letter_id in last and last[row.letter_id].state in STOPPED
    )
