"""Sign-ins: recognising who asks, opening and ending them."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from fastapi import Request
from sqlalchemy import text, update
from sqlmodel import col, select

from app.identity.api_tokens.models import ApiToken
from app.identity.sign_in.models import SignIn
from app.identity.sign_in.rules import SEEN_EVERY, is_open
from app.network.models import College
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.security.actor import Actor, RoleGrant
from app.platform.security.permissions import PERSONAL, TWO_FACTORS, Permission, Role
from app.platform.web.deps import settings_of

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
    select t.id, t.seen_at, t.permissions, a.totp_confirmed_at, p.id as person_id,
           coalesce(p.chosen_name, p.legal_first_name || ' ' || p.legal_last_name) as name
      from api_token t join account a on a.id = t.account_id join person p on p.id = a.person_id
     where t.token_hash = :secret and t.ended_at is null and t.expires_at > :at and a.suspended_at is null
    """
)


def digest(secret: str) -> str:
    """As kept: a secret of 256 bits needs no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_of(request: Request) -> str | None:
    """The secret that a request carries: a bearer token, else the cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.cookies.get(cookie_name(settings_of(request)))


def authenticate(db: Session, request: Request) -> Actor | None:
    """Who asks, with the roles they hold; ``None`` for a stranger or a proof that has ended."""
    secret = secret_of(request)
    if not secret:
        return None
    settings = settings_of(request)
    if secret.startswith(TOKEN_PREFIX):
        return _by_token(db, digest(secret), settings)
    found = db.execute(_IDENTIFY, {"secret": digest(secret)}).one_or_none()
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
        db.connection().execute(update(SignIn).where(col(SignIn.id) == found.id).values(seen_at=at))
        skip_audit(db, "sign_in.seen_at")
    actor = load_actor(db, found.person_id, found.name, sign_in_id=found.id)
    chosen = found.totp_confirmed_at is not None
    pending = found.second_factor_at is None and (chosen or needs_second_factor(actor.grants, settings))
    return replace(actor, pending=pending)


def needs_second_factor(held: Iterable[RoleGrant], settings: Settings) -> bool:
    """Whether a password is not enough for these roles; the demo network lists its passwords and asks for no more."""
    return settings.environment != "demo" and any(h.role in TWO_FACTORS for h in held)


def _by_token(db: Session, secret_hash: str, settings: Settings) -> Actor | None:
    """The person of an API token, narrowed to its permissions; a role that came later may ask for a second factor."""
    at = now()
    found = db.execute(_IDENTIFY_TOKEN, {"secret": secret_hash, "at": at}).one_or_none()
    if found is None:
        return None
    if found.seen_at is None or at - found.seen_at > SEEN_EVERY:
        db.connection().execute(update(ApiToken).where(col(ApiToken.id) == found.id).values(seen_at=at))
        skip_audit(db, "api_token.seen_at")
    scope = frozenset(Permission(p) for p in found.permissions if p in set(Permission)) - PERSONAL
    actor = load_actor(db, found.person_id, found.name)
    pending = found.totp_confirmed_at is None and needs_second_factor(actor.grants, settings)
    return replace(actor, token_id=found.id, scope=scope, pending=pending)


def load_actor(db: Session, person_id: int, name: str, *, sign_in_id: int | None = None) -> Actor:
    """The actor that a person is, from the roles they hold."""
    db.execute(text("select set_config('app.person_id', :person, true)"), {"person": str(person_id)})
    rows = db.execute(_HELD, {"person": person_id}).all()
    held = frozenset(RoleGrant(Role(r.role), r.college_id, r.cohort_id, r.group_id, r.project_id) for r in rows)
    colleges = {h.college_id for h in held if h.college_id is not None}
    if any(r.everywhere for r in rows):
        colleges |= {i for i in db.exec(select(College.id)).all() if i is not None}
    return Actor(person_id, name, held, frozenset(colleges), sign_in_id=sign_in_id)


def cookie_name(settings: Settings) -> str:
    """``__Host-`` binds the cookie to this host over TLS; browsers refuse it over plain HTTP."""
    return "__Host-escouade" if settings.secure else "escouade"
