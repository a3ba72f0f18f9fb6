"""Change of the address with which a person signs in.

Three proofs, all of the owner: a sign-in and the password to ask for it, then the link in the letter to the new
address, opened while signed in. Nobody does it for another: whoever corrects an address never signs in as its person.
"""

import secrets
from datetime import timedelta

from sqlmodel import col, func, select

from app.identity.account.models import Account
from app.identity.account.service import accept_present, lock_own_account, own_account
from app.identity.address_change.models import AddressChange
from app.identity.address_change.rules import CHANGE_LIFETIME, MAX_CHANGES_PER_DAY
from app.identity.address_change.schemas import AccountAddress, ChangeAddress, PendingAddress
from app.identity.password_reset.models import PasswordReset
from app.identity.sign_in.authentication import digest
from app.identity.sign_in.proofs import PasswordCheck
from app.identity.sign_in.service import end_sign_ins
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Gone, Invalid, NotFound, Reason, TooMany
from app.platform.messages.letters import deliveries, delivery_since
from app.platform.messages.outbox import enqueue
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring

PATH = "/securite/adresse"
DAY = timedelta(days=1)


def read_address(db: Session, actor: Actor) -> AccountAddress:
    """Return the address of one's own account, where the letters to it stand, and the one that waits for its link."""
    account = own_account(db, actor)
    waiting = select(AddressChange).where(
        AddressChange.account_id == account.id, col(AddressChange.ended_at).is_(None), AddressChange.expires_at > now()
    )
    row = db.exec(waiting.order_by(col(AddressChange.id).desc())).first()
    pending = None
    if row is not None:
        delivery = deliveries(db, [row.letter_id]).get(row.letter_id or 0)
        pending = PendingAddress(email=row.email, expires_at=row.expires_at, delivery=delivery)
    delivery = delivery_since(db, actor.person_id, account.email_since or account.created_at)
    return AccountAddress(email=account.email, delivery=delivery, pending=pending)


def ask_change(
    db: Session, keyring: Keyring, actor: Actor, command: ChangeAddress, check: PasswordCheck, *, site: str
) -> None:
    """Send a link to the new address, given the check of the password; an earlier link no longer works.

    The same happens whether or not the new address has an account. Raises ``Invalid``: ``wrong_password``,
    ``address_yours``; ``TooMany`` after five letters within a day.
    """
    account = lock_own_account(db, actor)
    accept_present(db, keyring, account, check)
    if command.email == account.email:
        raise Invalid("invalid", Reason("address_yours", field="email"))
    at = now()
    of_account = select(AddressChange).where(AddressChange.account_id == account.id)
    recent = of_account.where(AddressChange.created_at > at - DAY).with_only_columns(func.count())
    if db.execute(recent).scalar_one() >= MAX_CHANGES_PER_DAY:
        raise TooMany(retry_after=int(DAY.total_seconds()))
    _end_all(db, account.id)
    token = secrets.token_urlsafe(32)
    until = at + CHANGE_LIFETIME
    hours = int(CHANGE_LIFETIME.total_seconds()) // 3600
    letter = enqueue(
        db, command.email, "address_change", None, until, link=f"{site.rstrip('/')}{PATH}/{token}", delay=hours
    )
    db.add(
        AddressChange(
            account_id=account.id,
            email=command.email,
            token_hash=digest(token),
            created_at=at,
            expires_at=until,
            letter_id=letter.id,
        )
    )
    db.flush()


def read_link(db: Session, actor: Actor, token: str) -> str:
    """Return the address that a link confirms; reading does not use it up, since mail programs open links too."""
    return _by_token(db, own_account(db, actor), token).email


def confirm_change(db: Session, actor: Actor, token: str) -> None:
    """Make the address of a link the account's; other sign-ins end, and links that the former address received.

    Both addresses are told. Raises ``NotFound("link_unknown")``, also for another account's link,
    ``Gone("link_over")``, ``Conflict("email_taken")``.
    """
    account = lock_own_account(db, actor)
    row = _by_token(db, account, token)
    if db.exec(select(Account.id).where(Account.email == row.email)).first() is not None:
        raise Conflict("email_taken")
    former, at = account.email, now()
    account.email, account.email_since = row.email, at
    db.add(account)
    _end_all(db, account.id)
    unused = select(PasswordReset).where(PasswordReset.account_id == account.id, col(PasswordReset.used_at).is_(None))
    for reset in db.exec(unused).all():
        reset.used_at = at
        db.add(reset)
    end_sign_ins(db, account.id, except_id=actor.sign_in_id)
    enqueue(db, former, "address_changed")
    enqueue(db, row.email, "address_changed", account.person_id)


def _by_token(db: Session, account: Account, token: str) -> AddressChange:
    """Return the change of one's own account that a link confirms."""
    row = db.exec(
        select(AddressChange).where(AddressChange.account_id == account.id, AddressChange.token_hash == digest(token))
    ).one_or_none()
    if row is None:
        raise NotFound("link_unknown")
    if row.ended_at is not None or row.expires_at <= now():
        raise Gone("link_over")
    return row


def _end_all(db: Session, account_id: int) -> None:
    """End the changes of an account that wait for their link."""
    unused = select(AddressChange).where(AddressChange.account_id == account_id, col(AddressChange.ended_at).is_(None))
    for row in db.exec(unused).all():
        row.ended_at = now()
        db.add(row)
