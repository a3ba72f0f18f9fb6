"""People, their accounts and the roles they hold."""

from collections.abc import Iterable

from pydantic import SecretStr
from sqlmodel import select

from app.identity.account.models import Account
from app.identity.account.passwords import hasher, normal_password
from app.identity.account.rules import password_reasons
from app.identity.account.schemas import ChangePassword, CollegeAccount, NewAccount, PersonAdded
from app.identity.roles.rules import roles_given_by
from app.identity.roles.service import grant_role
from app.identity.sign_in.service import end_sign_ins
from app.network.models import College
from app.people.models import Person
from app.people.service import add_person
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, Reason, refuse_unless
from app.platform.messages.outbox import enqueue
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import Role
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_account


def add_account(
    db: Session, command: NewAccount, *, about: Iterable[str] = (), password_hash: str | None = None
) -> int:
    """A person who may sign in; returns the person's id.

    ``about``: names, beside the person's own, that no password is made of. ``password_hash`` spares many hashes
    at once (demo).
    """
    password = command.password.get_secret_value()
    names = (command.legal_first_name, command.legal_last_name, command.chosen_name or "", *about)
    refuse_unless(*password_reasons(password, email=command.email, about=names))
    if db.exec(select(Account.id).where(Account.email == command.email)).first() is not None:
        raise Conflict("email_taken", Reason("email_taken", field="email"))
    person = add_person(db, command)
    db.add(
        Account(
            person_id=person.id,
            email=command.email,
            password_hash=password_hash or hasher().hash(normal_password(password)),
            created_at=now(),
        )
    )
    db.flush()
    return person.id


def person_by_email(db: Session, email: str) -> int | None:
    """The person of an address (for the command line and imports)."""
    return db.exec(select(Account.person_id).where(Account.email == email)).first()


def open_account(db: Session, actor: Actor, college_id: int, command: CollegeAccount) -> PersonAdded:
    """Someone new who may sign in, with a role in the college or none yet (then they may apply to a cohort)."""
    within = scoped(actor, college=College.id)
    if db.exec(select(College.id).where(College.id == college_id, within)).first() is None:
        raise NotFound
    if command.role is not None and command.role not in roles_given_by(h.role for h in actor.grants):
        raise Forbidden("role_above_yours", Reason("role_above_yours", field="role"))
    person_id = add_account(db, command)
    if command.role is not None:
        grant_role(db, person_id, Role(command.role), college_id=college_id, granted_by=actor.person_id)
    return PersonAdded(id=person_id)


def own_account(db: Session, actor: Actor) -> Account:
    """The actor's account, held until the end of the transaction: what proves who one is goes one at a time."""
    mine = select(Account).where(Account.person_id == actor.person_id).with_for_update(key_share=True)
    return db.exec(mine).one()


def prove_again(db: Session, keyring: Keyring, account: Account, present: SecretStr) -> None:
    """Ask the password once more; wrong tries count with those of the sign-in door."""
    with limited_attempt(db, keyring, RateLimitScope.SIGN_IN, of_account(account.email), wrong=Invalid):
        if not hasher().verify(normal_password(present.get_secret_value()), account.password_hash):
            raise Invalid("wrong_password", Reason("wrong_password", field="present"))


# The password -----------------------------------------------------------------------------------


def change_password(db: Session, keyring: Keyring, actor: Actor, command: ChangePassword) -> None:
    """Another password, by whoever knows the one of now; everywhere else one must sign in again."""
    account = own_account(db, actor)
    prove_again(db, keyring, account, command.present)
    password = command.password.get_secret_value()
    refuse_unless(*reasons_for(db, account, password, second_factor=account.totp_confirmed_at is not None))
    account.password_hash = hasher().hash(normal_password(password))
    db.add(account)
    end_sign_ins(db, account.id, kept=actor.sign_in_id)
    enqueue(db, account.email, "password_changed")


def reasons_for(db: Session, account: Account, password: str, *, second_factor: bool) -> list[Reason]:
    """Why an account may not have this password, with or without a second factor beside it."""
    person = db.get_one(Person, account.person_id)
    about = (person.legal_first_name, person.legal_last_name, person.chosen_name or "")
    return password_reasons(password, email=account.email, about=about, second_factor=second_factor)
