"""A member's place in a session of their group: where they write what is theirs."""

from datetime import datetime

from sqlmodel import col, select

from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.sessions.models import CodevSession
from app.codev.sessions.service import is_inside
from app.cohorts.enums import CohortState
from app.cohorts.models import Cohort, Enrolment
from app.platform.database.session import Session
from app.platform.errors import NotFound, Reason
from app.platform.schema import Read
from app.platform.security.actor import Actor


class MemberPlace(Read):
    """The actor's place, as a member of the group, in one of its sessions."""

    college_id: int
    group_id: int
    session_id: int
    membership_id: int
    person_id: int
    activity_code: str
    starts_at: datetime
    timezone: str
    cancelled: bool


def see_own_place(db: Session, actor: Actor, session_id: int) -> MemberPlace:
    """Return the actor's place in a session of a group that they are a member of; raise ``NotFound`` for any other."""
    row = db.exec(
        select(CodevSession, CodevMembership)
        .join(CodevMembership, col(CodevMembership.group_id) == CodevSession.group_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(
            CodevSession.id == session_id,
            Enrolment.person_id == actor.person_id,
            col(CodevMembership.left_on).is_(None),
        )
    ).one_or_none()
    if row is None or not is_inside(actor, row[0].group_id):
        raise NotFound
    return place_of(*row, person_id=actor.person_id)


def place_of(session: CodevSession, membership: CodevMembership, *, person_id: int) -> MemberPlace:
    """Return the place of a member in a session."""
    return MemberPlace(
        **session.model_dump(include=set(MemberPlace.model_fields)),
        session_id=session.id,
        membership_id=membership.id,
        person_id=person_id,
        cancelled=session.cancelled_at is not None,
    )


def own_place(db: Session, actor: Actor, session_id: int) -> MemberPlace | None:
    """Return the actor's place in a session, or ``None`` when they are no member of its group."""
    try:
        return see_own_place(db, actor, session_id)
    except NotFound:
        return None


def archived_reasons(db: Session, group_id: int) -> list[Reason]:
    """Return why what the group reads is no longer written: its cohort is archived. A journal is its author's alone."""
    state = select(Cohort.state).join(CodevGroup, col(CodevGroup.cohort_id) == Cohort.id)
    is_archived = db.exec(state.where(CodevGroup.id == group_id)).one() is CohortState.ARCHIVED
    return [Reason("cohort_archived")] if is_archived else []
