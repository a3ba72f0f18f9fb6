"""The present password, asked again before a sensitive change: compared before the transaction of the request.

As at the sign-in, what is slow holds neither a connection nor a place (``platform/security/hashing_lane.py``).
"""

from dataclasses import dataclass

from fastapi import Request
from fastapi.params import Depends as DependsParam
from pydantic import SecretStr
from sqlmodel import select

from app.identity.account.models import Account, AccountSecret
from app.identity.account.passwords import hashed
from app.identity.account.schemas import ChangePassword, PresentPassword
from app.identity.sign_in.authentication import authenticate
from app.identity.sign_in.proofs import NOT_COMPARED, PasswordCheck, check_password
from app.platform.database.session import open_credentials
from app.platform.security.hashing_lane import in_lane
from app.platform.security.permissions import P
from app.platform.security.rate_limit import RateLimitScope, check_limit, of_account
from app.platform.web.deps import keyring_of, transaction_of


@dataclass(frozen=True, slots=True)
class PasswordChange:
    """What came of comparing the present password, and the hash of the new one: empty when the present one is wrong."""

    check: PasswordCheck
    new_hash: str


def compared(command: object) -> DependsParam:
    """Return the dependency that compares the present password of a command (its annotation): a ``PasswordCheck``.

    The first parameter of a route. Nothing is compared when the route's guard will refuse, or no password is sent.
    """
    return in_lane(command, _compared, read=_own_hash, unread=NOT_COMPARED)


def changed(command: object) -> DependsParam:
    """Return the dependency that compares the present password and hashes the new one: a ``PasswordChange``."""
    return in_lane(command, _changed, read=_own_hash, unread=PasswordChange(NOT_COMPARED, ""))


def _own_hash(request: Request, command: PresentPassword) -> str | None:
    """Return the hash of the account of whoever sends the request, if they may change it and sent its password.

    Raise ``TooMany`` before any password is hashed when the account has failed too often.
    """
    if command.present is None:
        return None
    with transaction_of(request) as db:
        actor = authenticate(db, request)
        if actor is None or not actor.can(P.ME_MANAGE):
            return None
        own = select(Account.id, Account.email).where(Account.person_id == actor.person_id)
        account_id, email = db.exec(own).one()
        check_limit(db, keyring_of(request), RateLimitScope.SIGN_IN, of_account(email))
        open_credentials(db, account_id)
        return db.exec(select(AccountSecret.password_hash).where(AccountSecret.account_id == account_id)).one()


def _compared(command: PresentPassword, stored: str) -> PasswordCheck:
    return check_password(command.present or SecretStr(""), stored)


def _changed(command: ChangePassword, stored: str) -> PasswordChange:
    check = _compared(command, stored)
    return PasswordChange(check, hashed(command.password) if check.is_right else "")
