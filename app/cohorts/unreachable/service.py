"""Reading whom the letters of a cohort do not reach, in as many statements whatever its size."""

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
from app.platform.messages.letters import deliveries, deliveries_to
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


def _people(db: Session, cohort: CohortRef) -> tuple[UnreachablePerson, ...]:
    enrolled = sa.select(col(Enrolment.person_id)).where(
        col(Enrolment.cohort_id) == cohort.id, col(Enrolment.state).in_(sorted(WRITTEN_TO))
    )
    rows = db.execute(
        sa.select(
            col(Account.person_id),
            shown_name().label("name"),
            sa.func.coalesce(col(Account.email_since), col(Account.created_at)).label("since"),
        )
        .join(Person, col(Person.id) == col(Account.person_id))
        .where(col(Account.person_id).in_(enrolled.union(select_trainers(cohort.id))))
        .where(col(Account.suspended_at).is_(None))
        .order_by(col(Person.search_key), col(Person.id))
    ).all()
    last = deliveries_to(db, {row.person_id: row.since for row in rows})
    return tuple(
        UnreachablePerson(person_id=row.person_id, name=row.name, delivery=last[row.person_id])
        for row in rows
        if row.person_id in last and last[row.person_id].state in STOPPED
    )


def _invitations(db: Session, cohort: CohortRef) -> tuple[UnreachableInvitation, ...]:
    rows = db.execute(
        sa.select(col(Invitation.id), col(Invitation.email), col(Invitation.letter_id))
        .where(
            col(Invitation.college_id) == cohort.college_id,
            col(Invitation.cohort_id) == cohort.id,
            col(Invitation.used_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            col(Invitation.expires_at) > now(),
        )
        .order_by(col(Invitation.email))
    ).all()
    last = deliveries(db, (row.letter_id for row in rows))
    return tuple(
        UnreachableInvitation(invitation_id=row.id, recipient=mask(row.email), delivery=last[row.letter_id])
        for row in rows
        if row.letter_id in last and last[row.letter_id].state in STOPPED
    )
