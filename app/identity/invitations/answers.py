"""Answers to invitations: the person who holds the link opens their account, or adds the roles to the one they have.

Opening an account happens here and nowhere else: the link proves the address, and the person chooses the password.
"""

from collections.abc import Sequence

from sqlalchemy import or_, text
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.schemas import NewAccount
from app.identity.account.service import add_account
from app.identity.invitations.models import Invitation
from app.identity.invitations.rules import InvitationState
from app.identity.invitations.schemas import AcceptInvitation, InvitationOffer, Offer, Step
from app.identity.invitations.service import state_of
from app.identity.roles.models import RoleGrantRow
from app.identity.roles.rules import roles_grantable_by
from app.identity.roles.service import grant_role
from app.identity.sign_in.authentication import digest
from app.network.colleges.service import is_open
from app.platform.clock import now
from app.platform.database.session import Session, set_actor
from app.platform.errors import Conflict, Gone, NotFound, Reason
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_address

_OFFERS = text(
    """
    select i.role, l.name as college, c.code as cohort
      from invitation i left join college l on l.id = i.college_id
      left join cohort c on c.id = i.cohort_id and c.college_id = i.college_id
     where i.id = any (cast(:ids as integer[])) order by i.id
    """
)


def read_invitation(db: Session, keyring: Keyring, reader: Actor | None, token: str, *, origin: str) -> InvitationOffer:
    """Return what a link offers and what to do next.

    Reading does not use the link up, since mail programs open links too.
    """
    rows = _lock_by_token(db, keyring, reader, token, origin=origin)
    account = db.exec(select(Account).where(Account.email == rows[0].email)).one_or_none()
    offers = db.execute(_OFFERS, {"ids": [row.id for row in rows]}).mappings()
    return InvitationOffer(
        email=rows[0].email,
        offers=tuple(Offer.model_validate(dict(offer)) for offer in offers),
        legal_first_name=rows[0].legal_first_name or "",
        legal_last_name=rows[0].legal_last_name or "",
        chosen_name=rows[0].chosen_name or "",
        step=_step(reader, account),
    )


def _step(reader: Actor | None, account: Account | None) -> Step:
    """Return what the reader must do next."""
    if reader is None:
        return Step.OPEN_ACCOUNT if account is None else Step.SIGN_IN
    return Step.ACCEPT if account is not None and account.person_id == reader.person_id else Step.SIGN_OUT


def open_account(
    db: Session, keyring: Keyring, token: str, command: AcceptInvitation, new_hash: str, *, origin: str
) -> int:
    """Open the account of a new person, with the invitation's address and roles; return the account's id.

    The link is then used up.
    """
    rows = _lock_by_token(db, keyring, None, token, origin=origin)
    colleges = [str(offer.college or "") for offer in db.execute(_OFFERS, {"ids": [row.id for row in rows]})]
    person_id = add_account(
        db, NewAccount(**dict(command), email=rows[0].email), about=colleges, password_hash=new_hash
    )
    set_actor(db, colleges=_colleges(rows), person=person_id)
    _grant_offered_roles(db, rows, person_id)
    return db.exec(select(Account.id).where(Account.person_id == person_id)).one()


def accept(db: Session, keyring: Keyring, actor: Actor, token: str, *, origin: str) -> None:
    """Add the invitation's roles to the actor's account, which must have its address; the link is then used up.

    Raises ``Conflict("invitation_of_another")``.
    """
    rows = _lock_by_token(db, keyring, actor, token, origin=origin)
    own_email = select(Account.email).where(Account.person_id == actor.person_id)
    if db.exec(own_email).one() != rows[0].email:
        raise Conflict("invitation_of_another")
    _grant_offered_roles(db, rows, actor.person_id)


def _colleges(rows: Sequence[Invitation]) -> set[int]:
    """Return the colleges of some invitations."""
    return {row.college_id for row in rows if row.college_id is not None}


def _lock_by_token(
    db: Session, keyring: Keyring, reader: Actor | None, token: str, *, origin: str
) -> Sequence[Invitation]:
    """Return the valid invitations of a link, locked, with the transaction's scope extended to their colleges.

    Raises ``NotFound`` for an unknown link, :class:`Gone` when each is used, expired, withdrawn or no longer allowed,
    ``Conflict("college_closed")`` when their colleges have closed since: they may be answered once these open again.
    """
    hashed = digest(token)
    db.execute(text("select set_config('app.presented', :hash, true)"), {"hash": hashed})
    by_link = select(Invitation).where(Invitation.token_hash == hashed).order_by(col(Invitation.id)).with_for_update()
    with limited_attempt(db, keyring, RateLimitScope.INVITATION, of_address(origin), wrong=NotFound):
        rows = db.exec(by_link).all()
        if not rows:
            raise NotFound("link_unknown")
    colleges = reader.colleges if reader is not None else frozenset()
    person = reader.person_id if reader is not None else None
    set_actor(db, colleges=colleges | _colleges(rows), person=person)
    unanswered = (row for row in rows if state_of(row.model_dump()) is InvitationState.OPEN)
    valid = [row for row in unanswered if _inviter_may_still_grant(db, row)]
    if not valid:
        raise Gone("invitation_over")
    closed = {college_id for college_id in _colleges(valid) if not is_open(db, college_id)}
    in_open_colleges = [row for row in valid if row.college_id not in closed]
    if not in_open_colleges:
        raise Conflict("college_closed", Reason("invitation_college_closed"))
    return in_open_colleges


def _inviter_may_still_grant(db: Session, row: Invitation) -> bool:
    """Return whether the inviter may still grant the role: their invitations end with that right.

    The operator's do not: whoever runs the deployment could grant the role in the database itself.
    """
    if row.role is None or row.created_by is None:
        return True
    grants = select(RoleGrantRow).where(
        RoleGrantRow.person_id == row.created_by,
        or_(col(RoleGrantRow.college_id) == row.college_id, col(RoleGrantRow.college_id).is_(None)),
        col(RoleGrantRow.ended_at).is_(None),
    )
    return row.role in roles_grantable_by(grant.role for grant in db.exec(grants).all())


def _grant_offered_roles(db: Session, rows: Sequence[Invitation], person_id: int) -> None:
    """Grant the roles to the person, each in its college and in its cohort, and mark the invitations as used."""
    for row in rows:
        if row.role is not None:
            places = {None, row.cohort_id}
            for cohort_id in sorted(places, key=lambda place: place or 0):
                grant_role(
                    db,
                    person_id,
                    row.role,
                    college_id=row.college_id,
                    cohort_id=cohort_id,
                    project_id=row.project_id,
                    granted_by=row.created_by,
                )
        row.used_at = now()
        db.add(row)
    db.flush()
