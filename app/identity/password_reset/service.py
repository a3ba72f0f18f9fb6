"""A forgotten password: a link by mail, for an hour and once, sets another.

Asking does the same for any address: the same answer, the same statements, the same single commit. Only the
account's own mailbox learns whether there is one.
"""

import secrets

from sqlalchemy import text
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.passwords import hasher, normal_password
from app.identity.account.rules import MIN_PASSWORD, MIN_WITH_SECOND_FACTOR
from app.identity.account.service import reasons_for
from app.identity.password_reset.models import PasswordReset
from app.identity.password_reset.rules import RESET_LASTS, RESETS_IN_AN_HOUR
from app.identity.password_reset.schemas import AskReset, NewPassword, ResetShown
from app.identity.sign_in.authentication import digest
from app.identity.sign_in.service import end_sign_ins
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.database.session import Session, set_actor
from app.platform.errors import Gone, NotFound, refuse_unless
from app.platform.messages.outbox import enqueue, in_words
from app.platform.security.keyring import Keyring
from app.platform.security.rate_limit import (
    RateLimitScope,
    check_limit,
    count_attempt,
    limited_attempt,
    of_account,
    of_address,
    of_stranger,
)

PATH = "/mot-de-passe-oublie"

_ASK = text(
    """
    with asked as (
      insert into password_reset (account_id, token_hash, created_at, expires_at)
      select a.id, :hash, :at, :until from account a
       where a.email = :email and a.suspended_at is null
         and (select count(*) from password_reset r where r.account_id = a.id and r.created_at > :recent) < :most
      returning id
    )
    insert into letter (recipient, subject, body, created_at, due_at, tries, last_error)
    select :email, :subject, :body, :at, :at, 0, '' from asked
    """
)


def ask(db: Session, keyring: Keyring, command: AskReset, *, origin: str, site: str) -> None:
    """Write to whoever forgot; nothing tells an address without account, or suspended, from another."""
    subjects = (of_account(command.email), of_address(origin))
    check_limit(db, keyring, RateLimitScope.RESET, *subjects)
    count_attempt(db, keyring, RateLimitScope.RESET, *subjects)
    token, at = secrets.token_urlsafe(32), now()
    minutes = int(RESET_LASTS.total_seconds()) // 60
    subject, body = in_words("reset", link=f"{site.rstrip('/')}{PATH}/{token}", delay=minutes)
    values = {
        "hash": digest(token), "email": command.email, "subject": subject, "body": body, "at": at,
        "until": at + RESET_LASTS, "recent": at - RESET_LASTS, "most": RESETS_IN_AN_HOUR,
    }  # fmt: skip
    db.execute(_ASK, values)
    skip_audit(db, "password_reset.created_at")


def read(db: Session, keyring: Keyring, token: str, *, origin: str) -> ResetShown:
    """What a link is for; reading consumes nothing, mail programs do it too."""
    _, account = _opened(db, keyring, token, origin=origin)
    alone = account.totp_confirmed_at is None
    return ResetShown(email=account.email, minimum=MIN_PASSWORD if alone else MIN_WITH_SECOND_FACTOR)


def set_password(db: Session, keyring: Keyring, token: str, command: NewPassword, *, origin: str) -> None:
    """Another password; every sign-in and every other link of the account ends. A second factor is still asked."""
    _, account = _opened(db, keyring, token, origin=origin)
    password = command.password.get_secret_value()
    refuse_unless(*reasons_for(db, account, password, second_factor=account.totp_confirmed_at is not None))
    set_actor(db, colleges=(), person=account.person_id)
    account.password_hash = hasher().hash(normal_password(password))
    db.add(account)
    waiting = select(PasswordReset).where(PasswordReset.account_id == account.id, col(PasswordReset.used_at).is_(None))
    for row in db.exec(waiting).all():
        row.used_at = now()
        db.add(row)
    end_sign_ins(db, account.id)
    enqueue(db, account.email, "password_changed")
    db.flush()


def _opened(db: Session, keyring: Keyring, token: str, *, origin: str) -> tuple[PasswordReset, Account]:
    """The reset behind a link and its account, both locked; :class:`Gone` once it is over."""
    found = (
        select(PasswordReset, Account)
        .join(Account, col(Account.id) == PasswordReset.account_id)
        .where(PasswordReset.token_hash == digest(token))
        .with_for_update()
    )
    with limited_attempt(db, keyring, RateLimitScope.RESET, of_stranger(origin), wrong=NotFound):
        pair = db.exec(found).one_or_none()
        if pair is None:
            raise NotFound("link_unknown")
    row, account = pair
    if row.used_at is not None or row.expires_at <= now() or account.suspended_at is not None:
        raise Gone("reset_over")
    return row, account
