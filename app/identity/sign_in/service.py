"""Sign-ins: recognising who asks, opening and ending them."""

import secrets
from datetime import datetime, timedelta

from fastapi import Request, Response
from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.passwords import hasher, nobody_hash, normal_password
from app.identity.sign_in.authentication import cookie_name, digest, secret_of
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.models import SignIn
from app.identity.sign_in.schemas import SignInCommand
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Unauthenticated
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_account, of_address

# Recognising who asks ---------------------------------------------------------------------------


def give_cookie(response: Response, settings: Settings, secret: str) -> None:
    """Let the browser keep a sign-in's secret: for this site only, and out of scripts' reach."""
    response.set_cookie(
        cookie_name(settings),
        secret,
        max_age=settings.session_hours * 3600,
        secure=settings.secure,
        httponly=True,
        samesite="lax",
    )


# Sign-in ----------------------------------------------------------------------------------------


def sign_in(
    db: Session,
    keyring: Keyring,
    command: SignInCommand,
    *,
    kind: SignInKind,
    hours: int,
    user_agent: str = "",
    origin: str = "",
) -> tuple[str, datetime]:
    """A new sign-in for someone who knows the password; the same refusal whatever was wrong, and 429 after ten."""
    with limited_attempt(db, keyring, RateLimitScope.SIGN_IN, of_account(command.email), of_address(origin)):
        account_id = prove_password(db, command)
    return open_sign_in(db, account_id, kind=kind, hours=hours, user_agent=user_agent, origin=origin)


def prove_password(db: Session, command: SignInCommand) -> int:
    """The account of someone who knows its password; as long and with the same words whatever was wrong."""
    account = db.exec(select(Account).where(Account.email == command.email)).one_or_none()
    stored = account.password_hash if account is not None else nobody_hash()
    fine, renewed = hasher().verify_and_update(normal_password(command.password.get_secret_value()), stored)
    if account is None or not fine or account.suspended_at is not None:
        raise Unauthenticated("wrong_sign_in")
    if renewed is not None:
        account.password_hash = renewed
        db.add(account)
    return account.id


def open_sign_in(
    db: Session,
    account_id: int,
    *,
    kind: SignInKind,
    hours: int,
    user_agent: str = "",
    origin: str = "",
    second_factor: bool = False,
) -> tuple[str, datetime]:
    """A new sign-in for an account: its secret, shown once, and when it ends (``hours`` from now)."""
    secret = secrets.token_urlsafe(32)
    at = now()
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


def renew(db: Session, actor: Actor, *, hours: int) -> tuple[str, datetime]:
    """The same device with a new secret, its second factor proven; the secret it came with is refused from now on.

    There is no switching of roles (those that someone holds add up): what a sign-in may do changes here only.
    """
    before = db.get_one(SignIn, actor.sign_in_id)
    _end(db, before)
    return open_sign_in(
        db,
        before.account_id,
        kind=before.kind,
        hours=hours,
        user_agent=before.user_agent,
        origin=before.origin,
        second_factor=True,
    )


def sign_out(db: Session, actor: Actor) -> None:
    """End this sign-in at once."""
    _end(db, db.get_one(SignIn, actor.sign_in_id))


def leave(db: Session, request: Request) -> None:
    """End the sign-in that a request carries, if any: nobody goes on with a secret from before they signed in."""
    found = db.exec(select(SignIn).where(SignIn.secret_hash == digest(secret_of(request) or ""))).first()
    if found is not None:
        _end(db, found)


def _end(db: Session, sign_in: SignIn) -> None:
    sign_in.ended_at = sign_in.ended_at or now()
    db.add(sign_in)


def end_sign_ins(db: Session, account_id: int, *, kept: int | None = None) -> None:
    """End an account's sign-ins at once, but the one that is kept."""
    going = select(SignIn).where(SignIn.account_id == account_id, col(SignIn.ended_at).is_(None))
    for row in db.exec(going).all():
        if row.id != kept:
            row.ended_at = now()
            db.add(row)
