"""Invitations by the operator of a deployment, from the command line: imports, the first administrator.

The letter alone holds the link. Where no mail leaves the machine, the operator may print it: a declared act, written
on the invitation and in the audit record, and the only way in which anyone but the invited person reads a link.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlmodel import col, or_, select

from app.identity.invitations.models import Invitation
from app.identity.invitations.rules import INVITATION_LIFETIME
from app.identity.invitations.service import PATH
from app.identity.roles.models import RoleGrantRow
from app.identity.sign_in.authentication import digest
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.messages.addresses import normal_address
from app.platform.security.permissions import Role


def print_link(db: Session, email: str, *, site: str, lifetime: timedelta = INVITATION_LIFETIME) -> str:
    """Return a new link to the invitations of an address that wait for an answer; earlier links no longer work.

    The operator's own may have expired. Raises ``NotFound("invitation_none")``.
    """
    rows = waiting(db, email)
    if not rows:
        raise NotFound("invitation_none")
    token, at = secrets.token_urlsafe(32), now()
    for row in rows:
        row.token_hash, row.expires_at, row.link_printed_at = digest(token), at + lifetime, at
        db.add(row)
    db.flush()
    return f"{site.rstrip('/')}{PATH}/{token}"


def waiting(db: Session, email: str) -> Sequence[Invitation]:
    """Return the invitations of an address that may still be answered, and the operator's that only expired; locked."""
    return db.exec(
        select(Invitation)
        .where(
            Invitation.email == normal_address(email),
            col(Invitation.used_at).is_(None),
            col(Invitation.withdrawn_at).is_(None),
            or_(col(Invitation.expires_at) > now(), col(Invitation.created_by).is_(None)),
        )
        .order_by(col(Invitation.id))
        .with_for_update()
    ).all()


def is_administered(db: Session) -> bool:
    """Return whether someone administers the platform, or did."""
    return db.exec(select(RoleGrantRow.id).where(RoleGrantRow.role == Role.ADMIN)).first() is not None


def withdraw_administrators(db: Session) -> None:
    """Withdraw what the operator's invitations of administrators offer, which nobody has answered."""
    administrators = select(Invitation.email).where(Invitation.role == Role.ADMIN)
    unanswered = select(Invitation).where(
        col(Invitation.email).in_(administrators),
        col(Invitation.created_by).is_(None),
        col(Invitation.used_at).is_(None),
        col(Invitation.withdrawn_at).is_(None),
    )
    for row in db.exec(unanswered.with_for_update()).all():
        row.withdrawn_at = now()
        db.add(row)
    db.flush()
