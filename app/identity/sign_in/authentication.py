"""Authentication of a request by its cookie, bearer token or API token."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import text, update
from sqlmodel import col, select

from app.identity.api_tokens.models import ApiToken
from app.identity.sign_in.models import SignIn
from app.identity.sign_in.rules import LAST_USE_INTERVAL, is_open
from app.identity.sign_in.schemas import Presenter
from app.network.models import College
from app.platform.audit.recorder import skip_audit
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Secret, Session, open_credentials, presenter, set_person
from app.platform.security.actor import Actor, RoleGrant
from app.platform.security.permissions import PERSONAL, TWO_FACTORS, Permission, Role
from app.platform.web.deps import Authentication, settings_of

TOKEN_PREFIX = "esc_"  # noqa: S105 - what an API token begins with, so that scanners find leaked ones
SIGN_IN, API_TOKEN = "sign_in", "api_token"
"""The kinds of secrets."""
_ROLE_GRANTS = text(
    "select role, college_id, cohort_id, group_id, project_id from role_held"
    " where person_id = :person and ended_at is null"
)


def digest(secret: str) -> str:
    """Return the SHA-256 of a secret, as stored: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_of(request: Request) -> Secret | None:
    """Return the secret that a request carries: its bearer token, else its cookie."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    is_bearer = scheme.lower() == "bearer" and token != ""
    secret = token.strip() if is_bearer else request.cookies.get(cookie_name(settings_of(request)))
    if not secret:
        return None
    return Secret(API_TOKEN if secret.startswith(TOKEN_PREFIX) else SIGN_IN, digest(secret))


def authenticate(db: Session, request: Request) -> Actor | None:
    """Return the actor of a request with their roles; ``None`` without a valid sign-in or token."""
    secret = secret_of(request)
    found = presenter(db, secret) if secret is not None else None
    if secret is None or found is None:
        return None
    row = Presenter.model_validate(found)
    settings = settings_of(request)
    return _of_sign_in(db, row, settings) if secret.kind == SIGN_IN else _of_token(db, row, settings)


def _of_sign_in(db: Session, row: Presenter, settings: Settings) -> Actor | None:
    """Return the person of a sign-in that is still valid; pending while a second factor is missing."""
    idle = timedelta(hours=settings.idle_hours)
    at = now()
    if row.seen_at is None or not is_open(
        at,
        seen_at=row.seen_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        suspended_at=row.suspended_at,
        idle=idle,
    ):
        return None
    if at - row.seen_at > LAST_USE_INTERVAL:
        _note_use(db, SignIn, row, at)
    actor = replace(_actor(row), sign_in_id=row.id)
    has_second_factor = row.totp_confirmed_at is not None
    pending = row.second_factor_at is None and (has_second_factor or needs_second_factor(actor.grants, settings))
    return _without_colleges(actor) if pending else actor


def needs_second_factor(grants: Iterable[RoleGrant], settings: Settings) -> bool:
    """Return whether these roles need a second factor; the demo network, whose passwords are listed, needs none."""
    return settings.environment != "demo" and any(grant.role in TWO_FACTORS for grant in grants)


def _of_token(db: Session, row: Presenter, settings: Settings) -> Actor | None:
    """Return the person of an API token, limited to its permissions.

    The actor is pending when a role granted since needs a second factor that the person lacks.
    """
    at = now()
    if row.ended_at is not None or row.expires_at <= at or row.suspended_at is not None:
        return None
    if row.seen_at is None or at - row.seen_at > LAST_USE_INTERVAL:
        _note_use(db, ApiToken, row, at)
    scope = frozenset(Permission(p) for p in row.permissions if p in set(Permission)) - PERSONAL
    actor = replace(_actor(row), token_id=row.id, scope=scope)
    pending = row.totp_confirmed_at is None and needs_second_factor(actor.grants, settings)
    return _without_colleges(actor) if pending else actor


def _note_use(db: Session, model: type[SignIn | ApiToken], row: Presenter, at: datetime) -> None:
    """Write when a secret was used last."""
    open_credentials(db, row.account_id)
    db.connection().execute(update(model).where(col(model.id) == row.id).values(seen_at=at))
    skip_audit(db, f"{model.__tablename__}.seen_at")
    open_credentials(db, None)


def _without_colleges(actor: Actor) -> Actor:
    """Return an actor whose second factor is missing: their roles have not started, so their rows are out of sight."""
    return replace(actor, pending=True, colleges=frozenset())


def load_actor(db: Session, person_id: int, name: str) -> Actor:
    """Return a person as an actor, with the roles they hold; their own rows are then within reach."""
    set_person(db, person_id)
    grants = _grants(db.execute(_ROLE_GRANTS, {"person": person_id}).all())
    colleges = {grant.college_id for grant in grants if grant.college_id is not None}
    if any(grant.role is Role.ADMIN for grant in grants):
        colleges |= set(db.exec(select(College.id)).all())
    return Actor(person_id, name, grants, frozenset(colleges))


def _actor(row: Presenter) -> Actor:
    """Return who presents a secret as an actor, with their role grants."""
    return Actor(row.person_id, row.name, _grants(row.roles), frozenset(row.colleges), unread=row.unread)


def _grants(roles: Iterable[Sequence[Any]]) -> frozenset[RoleGrant]:
    """Return role grants, each from ``(role, college id, cohort id, group id, project id)``."""
    return frozenset(RoleGrant(Role(role), *place) for role, *place in roles)


def cookie_name(settings: Settings) -> str:
    """Return the name of the cookie; ``__Host-`` binds it to this host over TLS, and fails over plain HTTP."""
    return "__Host-escouade" if settings.secure else "escouade"


AUTHENTICATION = Authentication(secret_of, authenticate)
