"""Invitations: a college's letter opens an account, or adds a role to one, once and within days."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import or_, text
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.invitations.models import Invitation
from app.identity.invitations.rules import INVITATION_LASTS, InvitationState, invitation_state
from app.identity.invitations.schemas import (
    AcceptInvitation,
    CohortToTrain,
    InvitationRef,
    InvitationShown,
    Invited,
    NewInvitation,
    Step,
)
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.rules import roles_given_by
from app.identity.roles.service import grant_role
from app.identity.sign_in.authentication import digest
from app.network import service as network
from app.network.models import College
from app.network.schemas import CollegeShown
from app.platform.clock import now
from app.platform.database.session import Session, set_actor
from app.platform.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Reason
from app.platform.messages.i18n import day, local, t, today
from app.platform.messages.outbox import enqueue
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import Role
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_stranger

# The college's side ------------------------------------------------------------------------------


def giveable(actor: Actor, college_id: int) -> frozenset[Role]:
    """The roles that the actor may give in a college, by those they hold there or everywhere."""
    return roles_given_by(h.role for h in actor.grants if h.college_id in {None, college_id})


def invite(db: Session, actor: Actor, college: CollegeShown, command: NewInvitation, *, site: str) -> InvitationShown:
    """A letter to someone; its answer is the same whether or not the address has an account already."""
    if command.role is not None and command.role not in giveable(actor, college.id):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))
    _check_cohort(db, college.id, command)
    _check_not_waiting(db, college.id, command)
    token, at = secrets.token_urlsafe(32), now()
    row = Invitation(
        college_id=college.id,
        cohort_id=command.cohort_id,
        email=command.email,
        role=command.role,
        token_hash=digest(token),
        created_at=at,
        created_by=actor.person_id,
        expires_at=at + INVITATION_LASTS,
    )
    db.add(row)
    db.flush()
    _write(db, row, college, token, site)
    return _shown(db, college.id, row.id)[0]


def cohorts_to_train(db: Session, college: CollegeShown) -> tuple[CohortToTrain, ...]:
    """The college's cohorts that have not ended, newest first."""
    going_on = text(
        "select id, code, title from cohort where college_id = :college and ends_on >= :today"
        " order by starts_on desc, code"
    )
    found = db.execute(going_on, {"college": college.id, "today": today()}).all()
    return tuple(CohortToTrain.model_validate(row) for row in found)


def _check_cohort(db: Session, college_id: int, command: NewInvitation) -> None:
    if command.cohort_id is None:
        return
    if command.role is not Role.TRAINER:
        raise Invalid("invalid", Reason("cohort_for_trainers", field="cohort_id"))
    there = text("select 1 from cohort where id = :id and college_id = :college")
    if db.execute(there, {"id": command.cohort_id, "college": college_id}).first() is None:
        raise Invalid("invalid", Reason("unknown_cohort", field="cohort_id"))


def _check_not_waiting(db: Session, college_id: int, command: NewInvitation) -> None:
    waiting = select(Invitation.id).where(
        Invitation.college_id == college_id,
        Invitation.email == command.email,
        Invitation.role == command.role,
        Invitation.cohort_id == command.cohort_id,
        col(Invitation.used_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
        Invitation.expires_at > now(),
    )
    if db.exec(waiting).first() is not None:
        raise Conflict("already_invited", Reason("already_invited", field="email"))


def _write(db: Session, row: Invitation, college: CollegeShown, token: str, site: str) -> None:
    key = "invitation" if row.role is None else "invitation_role"
    role = t(f"role.{row.role.value}") if row.role is not None else ""
    until = day(local(row.expires_at, college.timezone).date())
    enqueue(
        db, row.email, key, college=college.name, role=role, link=f"{site.rstrip('/')}/invitation/{token}",
        until=until,
    )  # fmt: skip


_SHOWN = text(
    """
    select i.id, i.email, i.role, i.cohort_id, c.code as cohort, i.created_at, i.expires_at, i.used_at, i.withdrawn_at,
           coalesce(p.chosen_name, p.legal_first_name || ' ' || p.legal_last_name) as invited_by
      from invitation i join person p on p.id = i.created_by
      left join cohort c on c.id = i.cohort_id and c.college_id = i.college_id
     where i.college_id = :college and (cast(:id as integer) is null or i.id = :id)
     order by i.created_at desc, i.id desc
    """
)


def invitations(db: Session, college: CollegeShown) -> tuple[InvitationShown, ...]:
    """A college's invitations, whatever became of them, newest first."""
    return _shown(db, college.id)


def _shown(db: Session, college_id: int, invitation_id: int | None = None) -> tuple[InvitationShown, ...]:
    db.flush()
    rows = db.execute(_SHOWN, {"college": college_id, "id": invitation_id}).mappings()
    return tuple(InvitationShown(**row, state=_state(row)) for row in rows)


def _state(row: Mapping[Any, Any]) -> InvitationState:
    ends = {name: row[name] for name in ("expires_at", "used_at", "withdrawn_at")}
    return invitation_state(now(), **ends)


def see_invitation(db: Session, actor: Actor, college_id: int, invitation_id: int) -> InvitationRef:
    """An invitation of a college within the actor's reach."""
    within = scoped(actor, college=Invitation.college_id)
    row = db.exec(
        select(Invitation).where(Invitation.id == invitation_id, Invitation.college_id == college_id, within)
    ).one_or_none()
    if row is None:
        raise NotFound
    return InvitationRef.model_validate(row)


def withdraw(db: Session, invitation: InvitationRef) -> None:
    """The letter's link opens nothing from now on; withdrawing twice changes nothing."""
    row = _held(db, invitation)
    if row.used_at is not None:
        raise Conflict("invitation_used")
    row.withdrawn_at = row.withdrawn_at or now()
    db.add(row)


def send_again(db: Session, actor: Actor, invitation: InvitationRef, *, site: str) -> InvitationShown:
    """Another letter with another link, for as many days; the first link opens nothing any more."""
    row = _held(db, invitation)
    if row.role is not None and row.role not in giveable(actor, row.college_id):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))
    if row.used_at is not None:
        raise Conflict("invitation_used")
    if row.withdrawn_at is not None:
        raise Conflict("invitation_withdrawn")
    token = secrets.token_urlsafe(32)
    row.token_hash, row.expires_at, row.created_by = digest(token), now() + INVITATION_LASTS, actor.person_id
    db.add(row)
    _write(db, row, network.college(db, row.college_id), token, site)
    return _shown(db, row.college_id, row.id)[0]


def _held(db: Session, invitation: InvitationRef) -> Invitation:
    """The row, locked: two answers to one invitation go one after the other."""
    return db.get_one(Invitation, invitation.id, with_for_update=True, populate_existing=True)


# The reader's side -------------------------------------------------------------------------------


def read(db: Session, keyring: Keyring, reader: Actor | None, token: str, *, origin: str) -> Invited:
    """What a letter offers and what to do next; reading consumes nothing, mail programs do it too."""
    row = _opened(db, keyring, reader, token, origin=origin)
    account = db.exec(select(Account).where(Account.email == row.email)).one_or_none()
    college = db.get_one(College, row.college_id)
    shown = _shown(db, row.college_id, row.id)[0]
    return Invited(
        email=row.email, college=college.name, role=row.role, cohort=shown.cohort, step=_step(reader, account)
    )


def _step(reader: Actor | None, account: Account | None) -> Step:
    if reader is None:
        return Step.OPEN_ACCOUNT if account is None else Step.SIGN_IN
    return Step.ACCEPT if account is not None and account.person_id == reader.person_id else Step.SIGN_OUT


def open_account(db: Session, keyring: Keyring, token: str, command: AcceptInvitation, *, origin: str) -> int:
    """The account of someone new, with the letter's address and role; returns its id. The letter has served."""
    row = _opened(db, keyring, None, token, origin=origin)
    college = db.get_one(College, row.college_id)
    person_id = add_account(db, NewAccount(**dict(command), email=row.email), about=(college.name,))
    set_actor(db, colleges=[row.college_id], person=person_id)
    _take(db, row, person_id)
    return db.exec(select(Account.id).where(Account.person_id == person_id)).one()


def accept(db: Session, keyring: Keyring, actor: Actor, token: str, *, origin: str) -> None:
    """Add the letter's role to the account of its address, by the person who holds it; the letter has served."""
    row = _opened(db, keyring, actor, token, origin=origin)
    mine = select(Account.email).where(Account.person_id == actor.person_id)
    if db.exec(mine).one() != row.email:
        raise Conflict("invitation_of_another")
    _take(db, row, actor.person_id)


def _opened(db: Session, keyring: Keyring, reader: Actor | None, token: str, *, origin: str) -> Invitation:
    """The invitation behind a link, locked, the transaction brought into its college; :class:`Gone` once it is over."""
    hashed = digest(token)
    with limited_attempt(db, keyring, RateLimitScope.INVITATION, of_stranger(origin), wrong=NotFound):
        college_id = db.execute(text("select invitation_college(:hash)"), {"hash": hashed}).scalar_one()
        if college_id is None:
            raise NotFound("link_unknown")
    colleges = reader.colleges if reader is not None else frozenset()
    set_actor(db, colleges=colleges | {college_id}, person=reader.person_id if reader is not None else None)
    row = db.exec(select(Invitation).where(Invitation.token_hash == hashed).with_for_update()).one_or_none()
    if row is None or _state(row.model_dump()) is not InvitationState.OPEN or not _still_given(db, row):
        raise Gone("invitation_over")
    return row


def _still_given(db: Session, row: Invitation) -> bool:
    """Whether the person who invited may still give the role: what they lost since, their letters lost too."""
    if row.role is None:
        return True
    held = select(RoleGrantRow).where(
        RoleGrantRow.person_id == row.created_by,
        or_(col(RoleGrantRow.college_id) == row.college_id, col(RoleGrantRow.college_id).is_(None)),
        col(RoleGrantRow.ended_at).is_(None),
    )
    return row.role in roles_given_by(h.role for h in db.exec(held).all())


def _take(db: Session, row: Invitation, person_id: int) -> None:
    places: Iterable[int | None] = (None,) if row.cohort_id is None else (None, row.cohort_id)
    if row.role is not None:
        for cohort_id in places:
            grant_role(
                db,
                person_id,
                row.role,
                college_id=row.college_id,
                cohort_id=cohort_id,
                granted_by=row.created_by,
            )
    row.used_at = now()
    db.add(row)
    db.flush()
