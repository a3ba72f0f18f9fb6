"""Authentication of a request by its cookie, bearer token or API token."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import text, update
from sqlmodel import col, select

from app.identity.api_tokens.models import ApiToken
from app.identity.sign_in.models import SignIn
from app.identity.sign_in.rules import LAST_USE_INTERVAL, is_open
from app.network.models import College
from app.people.models import SHOWN_NAME_SQL
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session, open_credentials, set_person
from app.platform.security.actor import Actor, RoleGrant
from app.platform.security.permissions import PERSONAL, TWO_FACTORS, Permission, Role
from app.platform.web.deps import settings_of

TOKEN_PREFIX = "esc_"  # noqa: S105 - what an API token begins with, so that scanners find leaked ones
_SIGN_IN_QUERY = text(
    f"select s.*, {SHOWN_NAME_SQL} as name from sign_in_of(:secret) s join person p on p.id = s.person_id"  # noqa: S608
)
_API_TOKEN_QUERY = text(
    f"select t.*, {SHOWN_NAME_SQL} as name from api_token_of(:secret) t join person p on p.id = t.person_id"  # noqa: S608
)
_ROLE_GRANTS = text(
    "select role, college_id, cohort_id, group_id, project_id from role_held"
    " where person_id = :person and ended_at is null"
)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret, as stored: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_of(request: Request) -> str | None:
    """Return the secret that a request carries: its bearer token, else its cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    return request.cookies.get(cookie_name(settings_of(request)))


def authenticate(db: Session, request: Request) -> Actor | None:
    """Return the actor of a request with their roles; ``None`` without a valid sign-in or token."""
    secret = secret_of(request)
    if not secret:
        return None
    settings = settings_of(request)
    if secret.startswith(TOKEN_PREFIX):
        return _authenticate_token(db, digest(secret), settings)
    row = db.execute(_SIGN_IN_QUERY, {"secret": digest(secret)}).one_or_none()
    idle = timedelta(hours=settings.idle_hours)
    at = now()
    if row is None or not is_open(
        at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        suspended_at=row.suspended_at,
        idle=idle,
    ):
        return None
    if at - row.seen_at > LAST_USE_INTERVAL:
        open_credentials(db, row.account_id)
        db.connection().execute(update(SignIn).where(col(SignIn.id) == row.id).values(seen_at=at))
        skip_audit(db, "sign_in.seen_at")
        open_credentials(db, None)
    actor = replace(_actor(db, row.person_id, row.name, row.roles), sign_in_id=row.id)
    has_second_factor = row.totp_confirmed_at is not None
    pending = row.second_factor_at is None and (has_second_factor or needs_second_factor(actor.grants, settings))
    return _without_colleges(actor) if pending else actor


def needs_second_factor(grants: Iterable[RoleGrant], settings: Settings) -> bool:
    """Return whether these roles need a second factor; the demo network, whose passwords are listed, needs none."""
    return settings.environment != "demo" and any(grant.role in TWO_FACTORS for grant in grants)


def _authenticate_token(db: Session, secret_hash: str, settings: Settings) -> Actor | None:
    """Return the person of an API token, limited to its permissions.

    The actor is pending when a role granted since needs a second factor that the person lacks.
    """
    at = now()
    row = db.execute(_API_TOKEN_QUERY, {"secret": secret_hash}).one_or_none()
    if row is None or row.ended_at is not None or row.expires_at <= at or row.suspended_at is not None:
        return None
    if row.seen_at is None or at - row.seen_at > LAST_USE_INTERVAL:
        open_credentials(db, row.account_id)
        db.connection().execute(update(ApiToken).where(col(ApiToken.id) == row.id).values(seen_at=at))
        skip_audit(db, "api_token.seen_at")
        open_credentials(db, None)
    scope = frozenset(Permission(p) for p in row.permissions if p in set(Permission)) - PERSONAL
    actor = replace(_actor(db, row.person_id, row.name, row.roles), token_id=row.id, scope=scope)
    pending = row.totp_confirmed_at is None and needs_second_factor(actor.grants, settings)
    return _without_colleges(actor) if pending else actor


def _without_colleges(actor: Actor) -> Actor:
    """Return an actor whose second factor is missing: their roles have not started, so their rows are out of sight."""
    return replace(actor, pending=True, colleges=frozenset())


def load_actor(db: Session, person_id: int, name: str) -> Actor:
    """Return a person as an actor, with the roles they hold; their own rows are then within reach."""
    set_person(db, person_id)
    return _actor(db, person_id, name, db.execute(_ROLE_GRANTS, {"person": person_id}).all())


def _actor(db: Session, person_id: int, name: str, roles: Iterable[Sequence[Any]]) -> Actor:
    """Return an actor with role grants, each ``(role, college id, cohort id, group id, project id)``."""
    grants = frozenset(RoleGrant(Role(role), *place) for role, *place in roles)
    colleges = {grant.college_id for grant in grants if grant.college_id is not None}
    if any(grant.role is Role.ADMIN for grant in grants):
        colleges |= {i for i in db.exec(select(College.id)).all() if i is not None}
    return Actor(person_id, name, grants, frozenset(colleges))


def cookie_name(settings: Settings) -> str:
    """Return the name of the cookie; ``__Host-`` binds it to this host over TLS, and fails over plain HTTP."""
    return "__Host-escouade" if settings.secure else "escouade"
