"""Opening and ending sign-ins."""

import secrets
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlmodel import col, select

from app.identity.account.models import Account, AccountSecret
from app.identity.sign_in.authentication import SIGN_IN, cookie_name, digest, secret_of
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.models import SignIn
from app.identity.sign_in.proofs import PasswordCheck
from app.identity.sign_in.schemas import SignInCommand
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session, open_credentials, presenter
from app.platform.errors import Unauthenticated
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_account, of_address


def set_cookie(response: Response, settings: Settings, secret: str) -> None:
    """Set the cookie that holds a sign-in's secret: for this site only, hidden from scripts."""
    response.set_cookie(
        cookie_name(settings),
        secret,
        max_age=settings.session_hours * 3600,
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


def sign_in(
    db: Session,
    keyring: Keyring,
    command: SignInCommand,
    check: PasswordCheck,
    *,
    kind: SignInKind,
    hours: int,
    user_agent: str = "",
    origin: str = "",
) -> tuple[str, datetime]:
    """Return a new sign-in, given the check of its password: its secret and when it expires.

    The refusal is the same whatever was wrong; ten failures are followed by ``TooMany``.
    """
    with limited_attempt(db, keyring, RateLimitScope.SIGN_IN, of_account(command.email), of_address(origin)):
        account_id = accept_check(db, command, check)
    return create_sign_in(db, account_id, kind=kind, hours=hours, user_agent=user_agent, origin=origin)


def accept_check(db: Session, command: SignInCommand, check: PasswordCheck) -> int:
    """Return the account id of an address whose password was right; raise ``Unauthenticated``.

    The refusal is the same whatever was wrong, also when the password has changed since it was compared. Where another
    sign-in has only renewed its hash since, it is compared with that one.
    """
    account = db.exec(select(Account).where(Account.email == command.email)).one_or_none()
    open_credentials(db, account.id if account is not None else 0)
    own = select(AccountSecret).where(AccountSecret.account_id == (account.id if account is not None else 0))
    secret = db.exec(own).one_or_none()
    if account is None or secret is None or account.suspended_at is not None:
        raise Unauthenticated("wrong_sign_in")
    if not check.is_right_by(secret.password_hash):
        raise Unauthenticated("wrong_sign_in")
    if check.renewed is not None and secret.password_hash == check.stored:
        secret.password_hash = check.renewed
        db.add(secret)
    return account.id


def create_sign_in(
    db: Session,
    account_id: int,
    *,
    kind: SignInKind,
    hours: int,
    user_agent: str = "",
    origin: str = "",
    second_factor: bool = False,
) -> tuple[str, datetime]:
    """Create a sign-in for an account; return its secret, shown once, and when it expires (``hours`` from now)."""
    secret = secrets.token_urlsafe(32)
    at = now()
    open_credentials(db, account_id)
    row = SignIn(
        account_id=account_id,
        kind=kind,
        secret_hash=digest(secret),
        created_at=at,
        seen_at=at,
        expires_at=at + timedelta(hours=hours),
        second_factor_at=at if second_factor else None,
        user_agent=user_agent[:300],
        origin=origin,
    )
    db.add(row)
    db.flush()
    return secret, row.expires_at


def rotate_sign_in(db: Session, actor: Actor, *, hours: int) -> tuple[str, datetime]:
    """Replace the actor's sign-in by one with a new secret and the second factor proven, on the same device.

    A sign-in's rights change here only: roles add up, there is no switching between them.
    """
    old = _own_sign_in(db, actor)
    _end(db, old)
    return create_sign_in(
        db,
        old.account_id,
        kind=old.kind,
        hours=hours,
        user_agent=old.user_agent,
        origin=old.origin,
        second_factor=True,
    )


def sign_out(db: Session, actor: Actor) -> None:
    """End the actor's sign-in at once."""
    _end(db, _own_sign_in(db, actor))


def _own_sign_in(db: Session, actor: Actor) -> SignIn:
    """Return the sign-in of the actor's request, with their credentials within reach."""
    open_credentials(db, db.exec(select(Account.id).where(Account.person_id == actor.person_id)).one())
    return db.get_one(SignIn, actor.sign_in_id)


def end_current_sign_in(db: Session, request: Request) -> None:
    """End the sign-in that a request carries, if any, so that a new one never continues under an old secret."""
    secret = secret_of(request)
    found = presenter(db, secret) if secret is not None and secret.kind == SIGN_IN else None
    if found is not None:
        open_credentials(db, found["account_id"])
        _end(db, db.get_one(SignIn, found["id"]))


def _end(db: Session, sign_in: SignIn) -> None:
    sign_in.ended_at = sign_in.ended_at or now()
    db.add(sign_in)


def end_sign_ins(db: Session, account_id: int, *, except_id: int | None = None) -> None:
    """End an account's sign-ins at once, but for the one of ``except_id``."""
    open_credentials(db, account_id)
    open_sign_ins = select(SignIn).where(SignIn.account_id == account_id, col(SignIn.ended_at).is_(None))
    for row in db.exec(open_sign_ins).all():
        if row.id != except_id:
            row.ended_at = now()
            db.add(row)
