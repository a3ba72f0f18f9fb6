"""Reset of a forgotten password: a link sent by e-mail, valid for an hour and once, sets a new one.

A request does the same for any address: the same response, the same statements, the same single commit. Only the
account's mailbox shows whether there is one.
"""

import secrets

from sqlalchemy import text
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.rules import MIN_PASSWORD, MIN_WITH_SECOND_FACTOR
from app.identity.account.service import password_reasons_for, secret_of_account
from app.identity.password_reset.models import PasswordReset
from app.identity.password_reset.rules import MAX_RESETS_PER_HOUR, RESET_LIFETIME
from app.identity.password_reset.schemas import NewPassword, ResetLink, ResetRequest
from app.identity.sign_in.authentication import digest
from app.identity.sign_in.service import end_sign_ins
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow, open_credentials, set_actor
from app.platform.errors import Gone, NotFound, refuse_unless
from app.platform.messages.outbox import LETTER, compose, enqueue
from app.platform.security.keyring import Keyring
from app.platform.security.rate_limit import (
    RateLimitScope,
    check_limit,
    count_attempt,
    limited_attempt,
    of_account,
    of_address,
)

PATH = "/mot-de-passe-oublie"

_ADD_RESET_AND_MESSAGE = text(
    """
    with reset as (
      insert into password_reset (account_id, token_hash, created_at, expires_at)
      select a.id, :hash, :at, :until from account a
       where a.email = :email and a.suspended_at is null
         and (select count(*) from password_reset r where r.account_id = a.id and r.created_at > :recent) < :most
      returning account_id
    ), message as (
      insert into letter
        (kind, person_id, recipient, subject, body, created_at, due_at, expires_at, tries, state, status)
      select 'reset', a.person_id, :email, :subject, :body, :at, :at, :until, 0, 'waiting', ''
        from reset join account a on a.id = reset.account_id
      returning id
    )
    select queue.enqueue(:job, :queue, :priority, array(select id from message)::bigint[])
    """
)
"""One statement whether or not the address has an account: its job is enqueued, or none."""


def request_reset(db: Session, keyring: Keyring, command: ResetRequest, *, origin: str, site: str) -> None:
    """Send a link to the account of an address; without one, or if it is suspended, the response is the same.

    Raises :class:`TooMany` when the account's address has asked too often.
    """
    subjects = (of_account(command.email), of_address(origin))
    check_limit(db, keyring, RateLimitScope.RESET, *subjects)
    count_attempt(db, keyring, RateLimitScope.RESET, *subjects)
    token, at = secrets.token_urlsafe(32), now()
    minutes = int(RESET_LIFETIME.total_seconds()) // 60
    subject, body = compose("reset", link=f"{site.rstrip('/')}{PATH}/{token}", delay=minutes)
    values = {
        "hash": digest(token), "email": command.email, "subject": subject, "body": body, "at": at,
        "until": at + RESET_LIFETIME, "recent": at - RESET_LIFETIME, "most": MAX_RESETS_PER_HOUR,
        "job": LETTER.name, "queue": LETTER.queue.value, "priority": LETTER.priority,
    }  # fmt: skip
    open_credentials(db, db.exec(select(Account.id).where(Account.email == command.email)).first() or 0)
    allow(db, Right.LETTERS)
    db.execute(_ADD_RESET_AND_MESSAGE, values)
    skip_audit(db, "password_reset.created_at")


def read_link(db: Session, keyring: Keyring, token: str, *, origin: str) -> ResetLink:
    """Return what a link is for; reading does not use it up, since mail programs open links too."""
    _, account = _lock_by_token(db, keyring, token, origin=origin)
    has_second_factor = account.totp_confirmed_at is not None
    return ResetLink(email=account.email, minimum=MIN_WITH_SECOND_FACTOR if has_second_factor else MIN_PASSWORD)


def set_password(
    db: Session, keyring: Keyring, token: str, command: NewPassword, new_hash: str, *, origin: str
) -> None:
    """Set the new password, hashed before; the account's sign-ins and other links end, and its second factor stays."""
    _, account = _lock_by_token(db, keyring, token, origin=origin)
    password = command.password.get_secret_value()
    refuse_unless(*password_reasons_for(db, account, password, second_factor=account.totp_confirmed_at is not None))
    set_actor(db, colleges=(), person=account.person_id)
    secret = secret_of_account(db, account)
    secret.password_hash = new_hash
    db.add(secret)
    unused = select(PasswordReset).where(PasswordReset.account_id == account.id, col(PasswordReset.used_at).is_(None))
    for row in db.exec(unused).all():
        row.used_at = now()
        db.add(row)
    end_sign_ins(db, account.id)
    enqueue(db, account.email, "password_changed", account.person_id)
    db.flush()


def _lock_by_token(db: Session, keyring: Keyring, token: str, *, origin: str) -> tuple[PasswordReset, Account]:
    """Return the reset of a link and its account, both locked.

    Raises ``NotFound`` for an unknown link, :class:`Gone` once it is used or expired.
    """
    reset = (
        select(PasswordReset, Account)
        .join(Account, col(Account.id) == PasswordReset.account_id)
        .where(PasswordReset.token_hash == digest(token))
        .with_for_update()
    )
    with limited_attempt(db, keyring, RateLimitScope.RESET, of_address(origin), wrong=NotFound):
        owner = db.execute(text("select account_id from password_reset_account(:hash)"), {"hash": digest(token)})
        open_credentials(db, owner.scalar_one_or_none() or 0)
        pair = db.exec(reset).one_or_none()
        if pair is None:
            raise NotFound("link_unknown")
    row, account = pair
    if row.used_at is not None or row.expires_at <= now() or account.suspended_at is not None:
        raise Gone("reset_over")
    return row, account
