"""API tokens: a program's key to some of what its person may do."""

import secrets
from datetime import timedelta

from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.api_tokens.models import ApiToken
from app.identity.api_tokens.schemas import NewToken, TokenMade, Tokens, TokenShown
from app.identity.sign_in.authentication import TOKEN_PREFIX, digest
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Invalid, NotFound, Reason
from app.platform.security.actor import Actor
from app.platform.security.permissions import PERSONAL, Permission


def grantable(actor: Actor) -> tuple[Permission, ...]:
    """What the person may let a program do: what they may themselves, but their own account's matters."""
    return tuple(p for p in Permission if p not in PERSONAL and actor.can(p))


def make(db: Session, actor: Actor, command: NewToken) -> TokenMade:
    """A new token; its secret is in the answer and nowhere else."""
    beyond = sorted(command.permissions - frozenset(grantable(actor)))
    if beyond:
        raise Invalid("token_beyond_yours", Reason("token_beyond_yours", {"permission": beyond[0]}, "permissions"))
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    at = now()
    row = ApiToken(
        account_id=db.exec(select(Account.id).where(Account.person_id == actor.person_id)).one(),
        name=command.name,
        token_hash=digest(secret),
        permissions=sorted(command.permissions),
        created_at=at,
        expires_at=at + timedelta(days=command.days),
    )
    db.add(row)
    db.flush()
    return TokenMade(**_shown(row).model_dump(), token=secret)


def tokens(db: Session, actor: Actor) -> Tokens:
    """The person's tokens that still open something, the newest first."""
    mine = (
        select(ApiToken)
        .join(Account, col(Account.id) == ApiToken.account_id)
        .where(Account.person_id == actor.person_id, col(ApiToken.ended_at).is_(None), ApiToken.expires_at > now())
        .order_by(col(ApiToken.id).desc())
    )
    return Tokens(items=tuple(_shown(row) for row in db.exec(mine).all()))


def _shown(row: ApiToken) -> TokenShown:
    known = tuple(p for p in Permission if p in row.permissions)
    return TokenShown.model_validate({**row.model_dump(), "permissions": known})


def end(db: Session, actor: Actor, token_id: int) -> None:
    """End one of the person's tokens at once; another person's is not there."""
    row = db.exec(
        select(ApiToken)
        .join(Account, col(Account.id) == ApiToken.account_id)
        .where(Account.person_id == actor.person_id, ApiToken.id == token_id, col(ApiToken.ended_at).is_(None))
    ).first()
    if row is None:
        raise NotFound
    row.ended_at = now()
    db.add(row)


def end_all(db: Session, account_id: int) -> None:
    """End every token of an account."""
    going = select(ApiToken).where(ApiToken.account_id == account_id, col(ApiToken.ended_at).is_(None))
    for row in db.exec(going).all():
        row.ended_at = now()
        db.add(row)
