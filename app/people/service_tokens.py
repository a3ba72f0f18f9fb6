"""API tokens: a program's key to some of what its person may do."""

import secrets
from datetime import timedelta

from sqlmodel import col, select

from app.access import PERSONAL, Actor, Permission
from app.db import Session, now
from app.errors import Invalid, NotFound, Reason
from app.people.models import Account, ApiToken
from app.people.schemas_security import NewToken, TokenMade, Tokens, TokenShown
from app.people.service_sign_in import TOKEN_PREFIX, digest


def grantable(actor: Actor) -> tuple[Permission, ...]:
    """What the person may let a program do: what they may themselves, but their own account's matters."""
    return tuple(p for p in Permission if p not in PERSONAL and actor.can(p))


def make(session: Session, actor: Actor, command: NewToken) -> TokenMade:
    """A new token; its secret is in the answer and nowhere else."""
    beyond = sorted(command.permissions - frozenset(grantable(actor)))
    if beyond:
        raise Invalid("token_beyond_yours", Reason("token_beyond_yours", {"permission": beyond[0]}, "permissions"))
    secret = TOKEN_PREFIX + secrets.token_urlsafe(32)
    at = now()
    row = ApiToken(
        account_id=session.exec(select(Account.id).where(Account.person_id == actor.person_id)).one() or 0,
        name=command.name,
        token_hash=digest(secret),
        permissions=sorted(command.permissions),
        created_at=at,
        expires_at=at + timedelta(days=command.days),
    )
    session.add(row)
    session.flush()
    return TokenMade(**_shown(row).model_dump(), token=secret)


def tokens(session: Session, actor: Actor) -> Tokens:
    """The person's tokens that still open something, the newest first."""
    mine = (
        select(ApiToken)
        .join(Account, col(Account.id) == ApiToken.account_id)
        .where(Account.person_id == actor.person_id, col(ApiToken.ended_at).is_(None), ApiToken.expires_at > now())
        .order_by(col(ApiToken.id).desc())
    )
    return Tokens(items=tuple(_shown(row) for row in session.exec(mine).all()))


def _shown(row: ApiToken) -> TokenShown:
    known = tuple(p for p in Permission if p in row.permissions)
    return TokenShown.model_validate({**row.model_dump(), "permissions": known})


def end(session: Session, actor: Actor, token_id: int) -> None:
    """End one of the person's tokens at once; another person's is not there."""
    row = session.exec(
        select(ApiToken)
        .join(Account, col(Account.id) == ApiToken.account_id)
        .where(Account.person_id == actor.person_id, ApiToken.id == token_id, col(ApiToken.ended_at).is_(None))
    ).first()
    if row is None:
        raise NotFound
    row.ended_at = now()
    session.add(row)


def end_all(session: Session, account_id: int) -> None:
    """End every token of an account."""
    going = select(ApiToken).where(ApiToken.account_id == account_id, col(ApiToken.ended_at).is_(None))
    for row in session.exec(going).all():
        row.ended_at = now()
        session.add(row)
