"""Creating, listing and revoking API tokens."""

import secrets
from datetime import timedelta

from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.service import own_account
from app.identity.api_tokens.models import ApiToken
from app.identity.api_tokens.schemas import NewToken, TokenCreated, Tokens, TokenShown
from app.identity.sign_in.authentication import TOKEN_PREFIX, digest
from app.platform.clock import now
from app.platform.database.session import Session, open_credentials
from app.platform.errors import Invalid, NotFound, Reason
from app.platform.security.actor import Actor
from app.platform.security.permissions import PERSONAL, Permission


def grantable_permissions(actor: Actor) -> tuple[Permission, ...]:
    """Return what the person may allow a program: their own permissions, except over their account."""
    return tuple(p for p in Permission if p not in PERSONAL and actor.can(p))


def create_token(db: Session, actor: Actor, command: NewToken) -> TokenCreated:
    """Create a token; only the returned value holds its secret.

    Raises ``Invalid("token_beyond_yours")`` for a permission that the person does not hold.
    """
    beyond = sorted(command.permissions - frozenset(grantable_permissions(actor)))
    if beyond:
        raise Invalid("token_beyond_yours", Reason("token_beyond_yours", {"permission": beyond[0]}, "permissions"))
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    at = now()
    row = ApiToken(
        account_id=own_account(db, actor).id,
        name=command.name,
        token_hash=digest(secret),
        permissions=sorted(command.permissions),
        created_at=at,
        expires_at=at + timedelta(days=command.days),
    )
    db.add(row)
    db.flush()
    return TokenCreated(**_shown(row).model_dump(), token=secret)


def tokens(db: Session, actor: Actor) -> Tokens:
    """Return the person's tokens that are still valid, newest first."""
    own_account(db, actor)
    own_tokens = (
        select(ApiToken)
        .join(Account, col(Account.id) == ApiToken.account_id)
        .where(Account.person_id == actor.person_id, col(ApiToken.ended_at).is_(None), ApiToken.expires_at > now())
        .order_by(col(ApiToken.id).desc())
    )
    return Tokens(items=tuple(_shown(row) for row in db.exec(own_tokens).all()))


def _shown(row: ApiToken) -> TokenShown:
    permissions = tuple(p for p in Permission if p in row.permissions)
    return TokenShown.model_validate({**row.model_dump(), "permissions": permissions})


def end_token(db: Session, actor: Actor, token_id: int) -> None:
    """Revoke one of the person's tokens at once; raise ``NotFound``, also for another person's."""
    own_account(db, actor)
    row = db.exec(
        select(ApiToken)
        .join(Account, col(Account.id) == ApiToken.account_id)
        .where(Account.person_id == actor.person_id, ApiToken.id == token_id, col(ApiToken.ended_at).is_(None))
    ).first()
    if row is None:
        raise NotFound
    row.ended_at = now()
    db.add(row)


def end_tokens(db: Session, account_id: int) -> None:
    """Revoke every token of an account."""
    open_credentials(db, account_id)
    active = select(ApiToken).where(ApiToken.account_id == account_id, col(ApiToken.ended_at).is_(None))
    for row in db.exec(active).all():
        row.ended_at = now()
        db.add(row)
