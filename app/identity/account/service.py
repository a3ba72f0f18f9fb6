"""Opening accounts, and the password of one's own account."""

from collections.abc import Iterable

from sqlmodel import select

from app.identity.account.models import Account, AccountSecret
from app.identity.account.passwords import hashed
from app.identity.account.present_password import PasswordChange
from app.identity.account.rules import password_reasons
from app.identity.account.schemas import ChangePassword, NewAccount
from app.identity.sign_in.proofs import PasswordCheck
from app.identity.sign_in.service import end_sign_ins
from app.people.models import Person
from app.people.service import add_person
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow, open_credentials
from app.platform.errors import Conflict, Invalid, Reason, refuse_unless
from app.platform.messages.outbox import enqueue
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_account


def add_account(
    db: Session, command: NewAccount, *, about: Iterable[str] = (), password_hash: str | None = None
) -> int:
    """Add a person with an account and return the person's id: for the answer to an invitation, and the demo network.

    ``about``: names, besides the person's own, that the password may not consist of. ``password_hash`` is that of the
    password, made before the transaction, or once for many accounts (demo). Raises ``Invalid`` with the reasons
    against the password, ``Conflict("email_taken")``.
    """
    password = command.password.get_secret_value()
    names = (command.legal_first_name or "", command.legal_last_name, command.chosen_name or "", *about)
    refuse_unless(*password_reasons(password, email=command.email, about=names))
    if db.exec(select(Account.id).where(Account.email == command.email)).first() is not None:
        raise Conflict("email_taken", Reason("email_taken", field="email"))
    person = add_person(db, command)
    allow(db, Right.ACCOUNTS)
    account = Account(person_id=person.id, email=command.email, created_at=now())
    db.add(account)
    db.flush()
    open_credentials(db, account.id)
    db.add(AccountSecret(account_id=account.id, password_hash=password_hash or hashed(command.password)))
    db.flush()
    return person.id


def own_account(db: Session, actor: Actor) -> Account:
    """Return the actor's account, whose password, second factor, sign-ins and tokens are then within reach."""
    account = db.exec(select(Account).where(Account.person_id == actor.person_id)).one()
    open_credentials(db, account.id)
    return account


def secret_of_account(db: Session, account: Account) -> AccountSecret:
    """Return what opens an account whose credentials are within reach."""
    return db.get_one(AccountSecret, account.id, populate_existing=True)


def lock_own_account(db: Session, actor: Actor) -> Account:
    """Return the actor's account, locked until the end of the transaction: changes of credentials are serialised."""
    own_account(db, actor)
    own = select(Account).where(Account.person_id == actor.person_id).with_for_update(key_share=True)
    return db.exec(own, execution_options={"populate_existing": True}).one()


def accept_present(db: Session, keyring: Keyring, account: Account, check: PasswordCheck) -> None:
    """Accept the check of the present password of a locked account; failures count with those of the sign-in.

    Raises ``Invalid("wrong_password")``, also when the password has changed since it was compared. Where a sign-in has
    only renewed its hash since, it is compared with that one.
    """
    stored = secret_of_account(db, account).password_hash
    with limited_attempt(db, keyring, RateLimitScope.SIGN_IN, of_account(account.email), wrong=Invalid):
        if not check.is_right_by(stored):
            raise Invalid("wrong_password", Reason("wrong_password", field="present"))


def change_password(
    db: Session, keyring: Keyring, actor: Actor, command: ChangePassword, change: PasswordChange
) -> None:
    """Change the password to one hashed before, given the check of the present one; the other sign-ins end."""
    account = lock_own_account(db, actor)
    accept_present(db, keyring, account, change.check)
    password = command.password.get_secret_value()
    refuse_unless(*password_reasons_for(db, account, password, second_factor=account.totp_confirmed_at is not None))
    secret = secret_of_account(db, account)
    secret.password_hash = change.new_hash
    db.add(secret)
    end_sign_ins(db, account.id, except_id=actor.sign_in_id)
    enqueue(db, account.email, "password_changed", account.person_id)


def password_reasons_for(db: Session, account: Account, password: str, *, second_factor: bool) -> list[Reason]:
    """Return why an account may not have this password, with or without a second factor."""
    person = db.get_one(Person, account.person_id)
    about = (person.legal_first_name or "", person.legal_last_name, person.chosen_name or "")
    return password_reasons(password, email=account.email, about=about, second_factor=second_factor)
