"""Action items: decided by the client of a consultation, taken up by them at later sessions, read by the group (BR-11).

That there are some, and how many were followed up, are figures that coordinators read; what they say stays inside.
"""

import sqlalchemy as sa
from sqlmodel import col, select

from app.codev.actions.enums import ActionState
from app.codev.actions.models import ActionItem
from app.codev.actions.rules import COMING_BACK, action_reasons, follow_up_of, follow_up_reasons
from app.codev.actions.schemas import ActionContent, ActionRef, ActionShown, FollowUpCommand, FollowUpShown, NewAction
from app.codev.confidences import service as confidences
from app.codev.confidences.enums import ConfidenceKind
from app.codev.confidences.places import MemberPlace, archived_reasons
from app.codev.confidences.service import Place
from app.codev.groups.models import CodevMembership
from app.codev.groups.schemas import GroupRef
from app.codev.records.service import current_records
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import CodevSession
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.writings.service import closed_reasons, roles_of
from app.cohorts.models import Enrolment
from app.people.models import Person
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, Stale, refuse_unless
from app.platform.messages.i18n import local
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring


def see_action(db: Session, actor: Actor, action_id: int) -> ActionRef:
    """Return an action that the actor decided on, in a group that they are in; raise ``NotFound`` for any other."""
    row = db.exec(
        select(ActionItem, CodevSession.group_id)
        .join(CodevSession, col(CodevSession.id) == ActionItem.session_id)
        .join(CodevMembership, col(CodevMembership.id) == ActionItem.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .where(
            ActionItem.id == action_id,
            Enrolment.person_id == actor.person_id,
            scoped(actor, group=CodevSession.group_id),
        )
    ).one_or_none()
    if row is None:
        raise NotFound
    action, group_id = row
    shared = action.model_dump(include=set(ActionRef.model_fields))
    return ActionRef(**shared, group_id=group_id, person_id=actor.person_id)


def actions_at(db: Session, keyring: Keyring, meeting: CodevSessionRef) -> list[ActionShown]:
    """Return what a session takes up again or has taken up, then what it decided; others' reading is logged."""
    earlier = (col(CodevSession.starts_at) < meeting.starts_at) & (
        col(ActionItem.state).in_(COMING_BACK) | (col(ActionItem.followed_session_id) == meeting.id)
    )
    rows = db.exec(
        select(ActionItem, Person)
        .join(CodevSession, col(CodevSession.id) == ActionItem.session_id)
        .join(CodevMembership, col(CodevMembership.id) == ActionItem.membership_id)
        .join(Enrolment, col(Enrolment.id) == CodevMembership.enrolment_id)
        .join(Person, col(Person.id) == Enrolment.person_id)
        .where(CodevSession.group_id == meeting.group_id, earlier | (col(ActionItem.session_id) == meeting.id))
        .order_by(col(CodevSession.starts_at), col(ActionItem.position), col(ActionItem.id))
    ).all()
    log_access(db, [(person.id, row.college_id) for row, person in rows])
    texts = confidences.read(db, keyring, [row.confidence_id for row, _ in rows], ActionContent)
    return [_shown(row, person, texts.get(row.confidence_id or 0)) for row, person in rows]


def _shown(row: ActionItem, person: Person, content: ActionContent | None) -> ActionShown:
    return ActionShown(
        **row.model_dump(include=set(ActionShown.model_fields)),
        name=person.name,
        text=content.text if content else None,
        outcome=content.outcome if content else None,
    )


def add_action(db: Session, keyring: Keyring, place: MemberPlace, command: NewAction) -> ActionRef:
    """Add an action to one's own consultation, one to three of them, once the session has begun.

    Raises ``Conflict`` as :func:`app.codev.writings.service.write` does, ``Invalid``.
    """
    db.get_one(CodevMembership, place.membership_id, with_for_update={"key_share": True})
    if reasons := closed_reasons(db, place):
        raise Conflict(reasons[0].code, *reasons)
    of_turn = select(ActionItem.id).where(
        ActionItem.session_id == place.session_id,
        ActionItem.membership_id == place.membership_id,
        ActionItem.position == command.position,
    )
    refuse_unless(
        *action_reasons(
            is_client=CodevRole.CLIENT in roles_of(db, place).get(command.position, ()),
            kept=len(db.exec(of_turn).all()),
            due_on=command.due_on,
            decided_on=local(place.starts_at, place.timezone).date(),
        ),
        code="invalid",
    )
    where = Place(place.college_id, place.group_id, place.person_id, ConfidenceKind.ACTION)
    row = ActionItem(
        college_id=place.college_id,
        session_id=place.session_id,
        membership_id=place.membership_id,
        position=command.position,
        due_on=command.due_on,
        state=ActionState.OPEN,
        confidence_id=confidences.write(db, keyring, where, ActionContent(text=command.text)),
        version=1,
        decided_at=now(),
    )
    db.add(row)
    db.flush()
    shared = row.model_dump(include=set(ActionRef.model_fields))
    return ActionRef(**shared, group_id=place.group_id, person_id=place.person_id)


def follow_up(db: Session, keyring: Keyring, ref: ActionRef, command: FollowUpCommand, *, version: int) -> ActionRef:
    """Say what became of one's action at a later session of the group; what is not done comes back at the next one.

    Raises ``Conflict``: ``cohort_archived``, ``action_closed``, ``follow_up_later``; ``Invalid`` for a session of
    another group; ``Stale``.
    """
    if reasons := archived_reasons(db, ref.group_id):
        raise Conflict(reasons[0].code, *reasons)
    row = db.get_one(ActionItem, ref.id, with_for_update={"key_share": True}, populate_existing=True)
    if version != row.version:
        raise Stale(None, Reason("action_stale", field="version"))
    sessions = select(CodevSession).where(
        col(CodevSession.id).in_([row.session_id, command.session_id]),
        CodevSession.group_id == ref.group_id,
        col(CodevSession.cancelled_at).is_(None) | (col(CodevSession.id) == row.session_id),
    )
    starts = {s.id: s.starts_at for s in db.exec(sessions).all()}
    if command.session_id not in starts:
        raise Invalid("invalid", Reason("not_a_session_of_the_group", field="session_id"))
    if reasons := follow_up_reasons(row.state, starts[row.session_id], starts[command.session_id], now()):
        raise Conflict(reasons[0].code, *reasons)
    known = confidences.read(db, keyring, [row.confidence_id], ActionContent)
    if row.confidence_id in known:
        said = known[row.confidence_id].model_copy(update={"outcome": command.outcome})
        confidences.rewrite(db, keyring, row.confidence_id, said)
    row.state, row.followed_session_id, row.followed_at = ActionState(command.state.value), command.session_id, now()
    row.version += 1
    db.add(row)
    db.flush()
    return ref.model_copy(update={"state": row.state, "version": row.version})


def group_follow_up(db: Session, group: GroupRef) -> FollowUpShown:
    """Return how far a group follows up, and its minutes: figures, without content."""
    records = current_records()
    sessions = sa.select(
        col(CodevSession.id), col(CodevSession.starts_at), col(CodevSession.planned_minutes), records.c.held
    ).outerjoin(records, records.c.session_id == CodevSession.id)
    planned = db.execute(
        sessions.where(col(CodevSession.group_id) == group.id, col(CodevSession.cancelled_at).is_(None))
    ).all()
    decided = db.execute(
        sa.select(col(CodevSession.starts_at), col(ActionItem.followed_at))
        .join(CodevSession, col(CodevSession.id) == ActionItem.session_id)
        .where(col(CodevSession.group_id) == group.id)
    ).all()
    figures = follow_up_of([(at, followed) for at, followed in decided], [s.starts_at for s in planned if s.held])
    return FollowUpShown(
        actions=figures.actions,
        due=figures.due,
        followed=figures.followed,
        rate=figures.rate,
        minutes_planned=sum(s.planned_minutes for s in planned),
        minutes_held=sum(s.planned_minutes for s in planned if s.held),
    )
