"""Correction of the address of an invitation that nobody has answered.

Those who may send the invitation may correct it: to anyone else it is as if it were withdrawn and sent to the right
address. The link goes to the new address alone, and the former one no longer works; an account that the new address has
already is asked to accept, as always.
"""

import secrets

from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.invitations.models import Invitation
from app.identity.invitations.rules import INVITATION_LIFETIME, Place
from app.identity.invitations.schemas import CorrectedAddress, InvitationRef, InvitationShown
from app.identity.invitations.service import (
    grantable_roles,
    load_invitation,
    lock,
    make_way,
    send_letter,
)
from app.identity.sign_in.authentication import digest
from app.network.colleges.service import require_open
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, Reason
from app.platform.security.actor import Actor
from app.platform.security.duties import WAY_OUT


def correct_address(
    db: Session, actor: Actor, invitation: InvitationRef, command: CorrectedAddress, *, site: str
) -> InvitationShown:
    """Send an invitation to another address, with a new link, in place of the one it was sent to.

    What the same letter offered in this college goes along. Raises ``Forbidden``: ``role_above_yours``,
    ``grants_oneself``; ``Conflict``: ``invitation_used``, ``invitation_withdrawn``, ``college_closed``,
    ``already_invited``; ``Invalid("address_unchanged")``.
    """
    row = lock(db, actor, invitation)
    if row.used_at is not None:
        raise Conflict("invitation_used")
    if row.withdrawn_at is not None:
        raise Conflict("invitation_withdrawn")
    require_open(db, invitation.college_id)
    if command.email == row.email:
        raise Invalid("invalid", Reason("address_unchanged", field="email"))
    own_address = select(Account.id).where(Account.person_id == actor.person_id, Account.email == command.email)
    if db.exec(own_address).first() is not None:
        raise Forbidden("grants_oneself", WAY_OUT)
    rows = [row, *(other for other in _same_letter(db, row) if _may_send(actor, other))]
    token, at = secrets.token_urlsafe(32), now()
    for one in rows:
        make_way(db, command.email, Place(one.role, one.college_id, one.cohort_id))
        one.email, one.created_by = command.email, actor.person_id
        one.token_hash, one.expires_at, one.link_printed_at = digest(token), at + INVITATION_LIFETIME, None
        db.add(one)
    send_letter(db, rows, token, site)
    return load_invitation(db, invitation)


def _same_letter(db: Session, row: Invitation) -> list[Invitation]:
    """Return the other unanswered invitations of the college behind the same link, locked."""
    same_link = select(Invitation).where(
        Invitation.college_id == row.college_id,
        Invitation.token_hash == row.token_hash,
        Invitation.id != row.id,
        col(Invitation.used_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
    )
    return list(db.exec(same_link.order_by(col(Invitation.id)).with_for_update()).all())


def _may_send(actor: Actor, row: Invitation) -> bool:
    return row.role is None or row.role in grantable_roles(actor, row.college_id or 0)
