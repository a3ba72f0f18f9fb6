"""Passwords compared before the transaction of a request: what is slow holds neither a connection nor a place."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from pydantic import SecretStr
from sqlmodel import select

from app.identity.account.models import Account, AccountSecret
from app.identity.account.passwords import verified
from app.identity.sign_in.schemas import SignInCommand
from app.platform.database.session import open_credentials
from app.platform.security.hashing_lane import in_lane
from app.platform.security.rate_limit import RateLimitScope, check_limit, of_account
from app.platform.web.deps import database_of, keyring_of


@dataclass(frozen=True, slots=True)
class PasswordCheck:
    """What came of comparing a password: the hash that it was compared with, and a new one where that is due."""

    password: SecretStr
    stored: str | None
    is_right: bool
    renewed: str | None

    def is_right_by(self, stored: str | None) -> bool:
        """Return whether the password is right by the hash that is stored now.

        It is compared again where that has changed: with the password, or renewed by another sign-in.
        """
        if not self.is_right or stored is None:
            return False
        return stored == self.stored or verified(self.password, stored)[0]


def check_password(password: SecretStr, stored: str | None) -> PasswordCheck:
    """Compare a password with a hash, which is slow."""
    return PasswordCheck(password, stored, *verified(password, stored))


NOT_COMPARED = PasswordCheck(SecretStr(""), None, is_right=False, renewed=None)


def _stored_hash(request: Request, command: SignInCommand) -> str | None:
    """Return the hash of an address's account, with the same work where there is none.

    Raise ``TooMany`` before any password is hashed when the address has failed too often.
    """
    with database_of(request).transaction() as db:
        check_limit(db, keyring_of(request), RateLimitScope.SIGN_IN, of_account(command.email))
        account_id = db.exec(select(Account.id).where(Account.email == command.email)).one_or_none() or 0
        open_credentials(db, account_id)
        return db.exec(select(AccountSecret.password_hash).where(AccountSecret.account_id == account_id)).one_or_none()


def _compared(command: SignInCommand, stored: str | None) -> PasswordCheck:
    return check_password(command.password, stored)


CheckOfForm = Annotated[PasswordCheck, in_lane(Annotated[SignInCommand, Form()], _compared, read=_stored_hash)]
CheckOfJson = Annotated[PasswordCheck, in_lane(SignInCommand, _compared, read=_stored_hash)]
"""The first parameter of a route that signs in: what stands before the session holds no connection."""
