"""Accounts that a college opens for its people."""

from sqlmodel import select

from app.access import Actor, Role, scoped
from app.db import Session
from app.errors import Forbidden, NotFound, Reason
from app.network.models import College
from app.people.rules import roles_given_by
from app.people.schemas import CollegeAccount, PersonAdded
from app.people.service import add_account, hold


def open_account(session: Session, actor: Actor, college_id: int, command: CollegeAccount) -> PersonAdded:
    """Someone new who may sign in, with a role in the college or none yet (then they may apply to a cohort)."""
    within = scoped(actor, college=College.id)
    if session.exec(select(College.id).where(College.id == college_id, within)).first() is None:
        raise NotFound
    if command.role is not None and command.role not in roles_given_by(h.role for h in actor.held):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))
    person_id = add_account(session, command)
    if command.role is not None:
        hold(session, person_id, Role(command.role), college_id=college_id, granted_by=actor.person_id)
    return PersonAdded(id=person_id)
