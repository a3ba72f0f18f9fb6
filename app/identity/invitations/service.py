"""Invitations: a link sent by e-mail opens an account, or adds a role to one, once and within days."""

import secrets
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import or_, text
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.invitations.models import Invitation
from app.identity.invitations.rules import INVITATION_LIFETIME, InvitationState, invitation_state
from app.identity.invitations.schemas import (
    AcceptInvitation,
    CohortToTrain,
    InvitationOffer,
    InvitationRef,
    InvitationShown,
    NewInvitation,
    Step,
)
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.rules import roles_grantable_by
from app.identity.roles.service import grant_role
from app.identity.sign_in.authentication import digest
from app.network import service as network
from app.network.models import College
from app.network.schemas import CollegeShown
from app.people.models import SHOWN_NAME_SQL
from app.platform.clock import now
from app.platform.database.session import Session, set_actor
from app.platform.errors import Conflict, Forbidden, Gone, Invalid, NotFound, Reason
from app.platform.messages.i18n import day, local, t, today
from app.platform.messages.outbox import enqueue
from app.platform.security.actor import Actor, scoped
from app.platform.security.duties import WAY_OUT
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import Role
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_address

# For the college ---------------------------------------------------------------------------------


def grantable_roles(actor: Actor, college_id: int) -> frozenset[Role]:
    """Return the roles that the actor may grant in a college, from those they hold there or everywhere."""
    return roles_grantable_by(grant.role for grant in actor.grants if grant.college_id in {None, college_id})


def invite(db: Session, actor: Actor, college: CollegeShown, command: NewInvitation, *, site: str) -> InvitationShown:
    """Send an invitation; the result is the same whether or not the address already has an account.

    Raises ``Forbidden``: ``role_above_yours``, ``grants_oneself``; ``Conflict("already_invited")``, ``Invalid`` for a
    wrong cohort.
    """
    if command.role is not None and command.role not in grantable_roles(actor, college.id):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))
    own_address = select(Account.id).where(Account.person_id == actor.person_id, Account.email == command.email)
    if db.exec(own_address).first() is not None:
        raise Forbidden("grants_oneself", WAY_OUT)
    _check_cohort(db, college.id, command)
    _check_not_already_invited(db, college.id, command)
    token, at = secrets.token_urlsafe(32), now()
    row = Invitation(
        college_id=college.id,
        cohort_id=command.cohort_id,
        email=command.email,
        role=command.role,
        token_hash=digest(token),
        created_at=at,
        created_by=actor.person_id,
        expires_at=at + INVITATION_LIFETIME,
    )
    db.add(row)
    db.flush()
    _send_message(db, row, college, token, site)
    return _invitations_shown(db, college.id, row.id)[0]


def cohorts_to_train(db: Session, college: CollegeShown) -> tuple[CohortToTrain, ...]:
    """Return the college's cohorts that have not ended, newest first."""
    not_ended = text(
        "select id, code, title from cohort where college_id = :college and ends_on >= :today"
        " order by starts_on desc, code"
    )
    rows = db.execute(not_ended, {"college": college.id, "today": today(college.timezone)}).all()
    return tuple(CohortToTrain.model_validate(row) for row in rows)


def _check_cohort(db: Session, college_id: int, command: NewInvitation) -> None:
    """Raise ``Invalid`` for a cohort without the trainer's role, or of another college."""
    if command.cohort_id is None:
        return
    if command.role is not Role.TRAINER:
        raise Invalid("invalid", Reason("cohort_for_trainers", field="cohort_id"))
    cohort_in_college = text("select 1 from cohort where id = :id and college_id = :college")
    if db.execute(cohort_in_college, {"id": command.cohort_id, "college": college_id}).first() is None:
        raise Invalid("invalid", Reason("unknown_cohort", field="cohort_id"))


def _check_not_already_invited(db: Session, college_id: int, command: NewInvitation) -> None:
    """Raise ``Conflict`` when an open invitation offers the same address the same role and cohort."""
    open_invitation = select(Invitation.id).where(
        Invitation.college_id == college_id,
        Invitation.email == command.email,
        Invitation.role == command.role,
        Invitation.cohort_id == command.cohort_id,
        col(Invitation.used_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
        Invitation.expires_at > now(),
    )
    if db.exec(open_invitation).first() is not None:
        raise Conflict("already_invited", Reason("already_invited", field="email"))


def _send_message(db: Session, row: Invitation, college: CollegeShown, token: str, site: str) -> None:
    """Enqueue the e-mail message with the link."""
    key = "invitation" if row.role is None else "invitation_role"
    role = t(f"role.{row.role.value}") if row.role is not None else ""
    until = day(local(row.expires_at, college.timezone).date())
    enqueue(
        db, row.email, key, college=college.name, role=role, link=f"{site.rstrip('/')}/invitation/{token}",
        until=until,
    )  # fmt: skip


_INVITATIONS = text(
    f"""
    select i.id, i.email, i.role, i.cohort_id, c.code as cohort, i.created_at, i.expires_at, i.used_at, i.withdrawn_at,
           {SHOWN_NAME_SQL} as invited_by
      from invitation i join person p on p.id = i.created_by
      left join cohort c on c.id = i.cohort_id and c.college_id = i.college_id
     where i.college_id = :college and (cast(:id as integer) is null or i.id = :id)
     order by i.created_at desc, i.id desc
    """  # noqa: S608 - our own constant
)


def invitations(db: Session, college: CollegeShown) -> tuple[InvitationShown, ...]:
    """Return a college's invitations in every state, newest first."""
    return _invitations_shown(db, college.id)


def _invitations_shown(db: Session, college_id: int, invitation_id: int | None = None) -> tuple[InvitationShown, ...]:
    """Return the invitations of a college, or one of them."""
    db.flush()
    rows = db.execute(_INVITATIONS, {"college": college_id, "id": invitation_id}).mappings()
    return tuple(InvitationShown(**row, state=_state(row)) for row in rows)


def _state(row: Mapping[Any, Any]) -> InvitationState:
    return invitation_state(
        now(), expires_at=row["expires_at"], used_at=row["used_at"], withdrawn_at=row["withdrawn_at"]
    )


def see_invitation(db: Session, actor: Actor, college_id: int, invitation_id: int) -> InvitationRef:
    """Return an invitation of a college within the actor's reach; raise ``NotFound``."""
    within = scoped(actor, college=Invitation.college_id)
    row = db.exec(
        select(Invitation).where(Invitation.id == invitation_id, Invitation.college_id == college_id, within)
    ).one_or_none()
    if row is None:
        raise NotFound
    return InvitationRef.model_validate(row)


def withdraw(db: Session, invitation: InvitationRef) -> None:
    """Withdraw an invitation: its link is refused from now on; withdrawing twice changes nothing.

    Raises ``Conflict("invitation_used")``.
    """
    row = _lock(db, invitation)
    if row.used_at is not None:
        raise Conflict("invitation_used")
    row.withdrawn_at = row.withdrawn_at or now()
    db.add(row)


def send_again(db: Session, actor: Actor, invitation: InvitationRef, *, site: str) -> InvitationShown:
    """Send a new link with a new validity; the previous link is refused from now on.

    Raises ``Forbidden("role_above_yours")``, ``Conflict("invitation_used")``, ``Conflict("invitation_withdrawn")``.
    """
    row = _lock(db, invitation)
    if row.role is not None and row.role not in grantable_roles(actor, row.college_id):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))
    if row.used_at is not None:
        raise Conflict("invitation_used")
    if row.withdrawn_at is not None:
        raise Conflict("invitation_withdrawn")
    token = secrets.token_urlsafe(32)
    row.token_hash, row.expires_at, row.created_by = digest(token), now() + INVITATION_LIFETIME, actor.person_id
    db.add(row)
    _send_message(db, row, network.college(db, row.college_id), token, site)
    return _invitations_shown(db, row.college_id, row.id)[0]


def _lock(db: Session, invitation: InvitationRef) -> Invitation:
    """Return the row, locked: concurrent answers to one invitation are serialised."""
    return db.get_one(Invitation, invitation.id, with_for_update=True, populate_existing=True)


# For the person invited --------------------------------------------------------------------------


def read_invitation(db: Session, keyring: Keyring, reader: Actor | None, token: str, *, origin: str) -> InvitationOffer:
    """Return what a link offers and what to do next.

    Reading does not use the link up, since mail programs open links too.
    """
    row = _lock_by_token(db, keyring, reader, token, origin=origin)
    account = db.exec(select(Account).where(Account.email == row.email)).one_or_none()
    college = db.get_one(College, row.college_id)
    [invitation] = _invitations_shown(db, row.college_id, row.id)
    return InvitationOffer(
        email=row.email, college=college.name, role=row.role, cohort=invitation.cohort, step=_step(reader, account)
    )


def _step(reader: Actor | None, account: Account | None) -> Step:
    """Return what the reader must do next."""
    if reader is None:
        return Step.OPEN_ACCOUNT if account is None else Step.SIGN_IN
    return Step.ACCEPT if account is not None and account.person_id == reader.person_id else Step.SIGN_OUT


def open_account(db: Session, keyring: Keyring, token: str, command: AcceptInvitation, *, origin: str) -> int:
    """Open the account of a new person, with the invitation's address and role; return the account's id.

    The link is then used up.
    """
    row = _lock_by_token(db, keyring, None, token, origin=origin)
    college = db.get_one(College, row.college_id)
    person_id = add_account(db, NewAccount(**dict(command), email=row.email), about=(college.name,))
    set_actor(db, colleges=[row.college_id], person=person_id)
    _grant_invited_role(db, row, person_id)
    return db.exec(select(Account.id).where(Account.person_id == person_id)).one()


def accept(db: Session, keyring: Keyring, actor: Actor, token: str, *, origin: str) -> None:
    """Add the invitation's role to the actor's account, which must have its address; the link is then used up.

    Raises ``Conflict("invitation_of_another")``.
    """
    row = _lock_by_token(db, keyring, actor, token, origin=origin)
    own_email = select(Account.email).where(Account.person_id == actor.person_id)
    if db.exec(own_email).one() != row.email:
        raise Conflict("invitation_of_another")
    _grant_invited_role(db, row, actor.person_id)


def _lock_by_token(db: Session, keyring: Keyring, reader: Actor | None, token: str, *, origin: str) -> Invitation:
    """Return the invitation of a link, locked, with the transaction's scope extended to its college.

    Raises ``NotFound`` for an unknown link, :class:`Gone` once it is used, expired, withdrawn or no longer allowed.
    """
    hashed = digest(token)
    with limited_attempt(db, keyring, RateLimitScope.INVITATION, of_address(origin), wrong=NotFound):
        college_id = db.execute(text("select invitation_college(:hash)"), {"hash": hashed}).scalar_one()
        if college_id is None:
            raise NotFound("link_unknown")
    colleges = reader.colleges if reader is not None else frozenset()
    set_actor(db, colleges=colleges | {college_id}, person=reader.person_id if reader is not None else None)
    row = db.exec(select(Invitation).where(Invitation.token_hash == hashed).with_for_update()).one_or_none()
    if row is None or _state(row.model_dump()) is not InvitationState.OPEN or not _inviter_may_still_grant(db, row):
        raise Gone("invitation_over")
    return row


def _inviter_may_still_grant(db: Session, row: Invitation) -> bool:
    """Return whether the inviter may still grant the role: their invitations end with that right."""
    if row.role is None:
        return True
    grants = select(RoleGrantRow).where(
        RoleGrantRow.person_id == row.created_by,
        or_(col(RoleGrantRow.college_id) == row.college_id, col(RoleGrantRow.college_id).is_(None)),
        col(RoleGrantRow.ended_at).is_(None),
    )
    return row.role in roles_grantable_by(grant.role for grant in db.exec(grants).all())


def _grant_invited_role(db: Session, row: Invitation, person_id: int) -> None:
    """Grant the role to the person, in the college and in the cohort, and mark the invitation as used."""
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
