"""Sign-ins: recognising who asks, opening and ending them."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from fastapi import Request
from sqlalchemy import text, update
from sqlmodel import col, select

from app.access import TWO_FACTORS, Actor, Held, Permission, Role
from app.config import Settings
from app.db import Session, now
from app.errors import Unauthenticated
from app.network.models import College
from app.people.models import Account, ApiToken, SignIn, SignInKind
from app.people.rules import SEEN_EVERY, is_open
from app.people.schemas import SignInCommand
from app.people.service import hasher, nobody_hash, normal_password

TOKEN_PREFIX = "esc_"  # noqa: S105 - what an API token begins with, so that a leaked one is recognised
_IDENTIFY = text(
    """
    select s.id, s.seen_at, s.expires_at, s.ended_at, a.suspended_at, s.second_factor_at,
           a.totp_confirmed_at, p.id as person_id,
           coalesce(p.chosen_name, p.legal_first_name || ' ' || p.legal_last_name) as name
      from sign_in s join account a on a.id = s.account_id join person p on p.id = a.person_id
     where s.secret_hash = :secret
    """
)
_HELD = text(
    """
    select role, college_id, cohort_id, group_id, project_id, role = 'admin' as everywhere
      from role_held where person_id = :person and ended_at is null
    """
)


_IDENTIFY_TOKEN = text(
    """
    select t.id, t.seen_at, t.permissions, p.id as person_id,
           coalesce(p.chosen_name, p.legal_first_name || ' ' || p.legal_last_name) as name
      from api_token t join account a on a.id = t.account_id join person p on p.id = a.person_id
     where t.token_hash = :secret and t.ended_at is null and t.expires_at > :at and a.suspended_at is null
    """
)


def digest(secret: str) -> str:
    """As kept: a secret of 256 bits needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


# Recognising who asks ---------------------------------------------------------------------------


def cookie_name(settings: Settings) -> str:
    """``__Host-`` binds the cookie to this host over TLS; browsers refuse it over plain HTTP."""
    return "__Host-escouade" if settings.secure else "escouade"


def secret_of(request: Request) -> str | None:
    """The secret that a request carries: a bearer token, else the cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.cookies.get(cookie_name(request.app.state.settings))


def recognise(session: Session, request: Request) -> Actor | None:
    """Who asks, with the roles they hold; ``None`` for a stranger or a proof that has ended."""
    secret = secret_of(request)
    if not secret:
        return None
    if secret.startswith(TOKEN_PREFIX):
        return _by_token(session, digest(secret))
    found = session.execute(_IDENTIFY, {"secret": digest(secret)}).one_or_none()
    settings: Settings = request.app.state.settings
    idle = timedelta(hours=settings.idle_hours)
    at = now()
    if found is None or not is_open(
        at,
        seen_at=found.seen_at,
        expires_at=found.expires_at,
        ended_at=found.ended_at,
        suspended_at=found.suspended_at,
        idle=idle,
    ):
        return None
    if at - found.seen_at > SEEN_EVERY:
        session.connection().execute(update(SignIn).where(col(SignIn.id) == found.id).values(seen_at=at))
    actor = actor_for(session, found.person_id, found.name, sign_in_id=found.id)
    chosen = found.totp_confirmed_at is not None
    pending = found.second_factor_at is None and (chosen or needs_second_factor(actor.held, settings))
    return replace(actor, pending=pending)


def needs_second_factor(held: Iterable[Held], settings: Settings) -> bool:
    """Whether a password is not enough for these roles; the demo network lists its passwords and asks for no more."""
    return settings.environment != "demo" and any(h.role in TWO_FACTORS for h in held)


def _by_token(session: Session, secret_hash: str) -> Actor | None:
    """The person of an API token, narrowed to its permissions."""
    at = now()
    found = session.execute(_IDENTIFY_TOKEN, {"secret": secret_hash, "at": at}).one_or_none()
    if found is None:
        return None
    if found.seen_at is None or at - found.seen_at > SEEN_EVERY:
        session.connection().execute(update(ApiToken).where(col(ApiToken.id) == found.id).values(seen_at=at))
    scope = frozenset(Permission(p) for p in found.permissions if p in set(Permission))
    return replace(actor_for(session, found.person_id, found.name), token_id=found.id, scope=scope)


def actor_for(session: Session, person_id: int, name: str, *, sign_in_id: int | None = None) -> Actor:
    """The actor that a person is, from the roles they hold."""
    session.execute(text("select set_config('app.person_id', :person, true)"), {"person": str(person_id)})
    rows = session.execute(_HELD, {"person": person_id}).all()
    held = frozenset(Held(Role(r.role), r.college_id, r.cohort_id, r.group_id, r.project_id) for r in rows)
    colleges = {h.college_id for h in held if h.college_id is not None}
    if any(r.everywhere for r in rows):
        colleges |= {i for i in session.exec(select(College.id)).all() if i is not None}
    return Actor(person_id, name, held, frozenset(colleges), sign_in_id=sign_in_id)


# Sign-in ----------------------------------------------------------------------------------------


def sign_in(
    session: Session, command: SignInCommand, *, kind: SignInKind, hours: int, user_agent: str = ""
) -> tuple[str, datetime]:
    """A new sign-in for someone who knows the password; the same refusal whatever was wrong."""
    account = session.exec(select(Account).where(Account.email == command.email)).one_or_none()
    stored = account.password_hash if account is not None else nobody_hash()
    fine, renewed = hasher().verify_and_update(normal_password(command.password.get_secret_value()), stored)
    if account is None or not fine or account.suspended_at is not None:
        raise Unauthenticated("wrong_sign_in")
    if renewed is not None:
        account.password_hash = renewed
        session.add(account)
    return open_sign_in(session, account.id or 0, kind=kind, hours=hours, user_agent=user_agent)


def open_sign_in(
    session: Session,
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
    session.add(row)
    session.flush()
    return secret, row.expires_at


def sign_out(session: Session, actor: Actor) -> None:
    """End this sign-in at once."""
    session.connection().execute(update(SignIn).where(col(SignIn.id) == actor.sign_in_id).values(ended_at=now()))
