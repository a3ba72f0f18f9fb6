"""One's own account: where one is signed in, and one's password."""

from datetime import timedelta

from pydantic import SecretStr
from sqlmodel import col, select

from app.access import Actor
from app.config import Settings
from app.db import Session, now
from app.errors import Invalid, NotFound, Reason, refuse_unless
from app.keys import Keyring
from app.mail import post
from app.people.models import Account, Door, Person, SignIn
from app.people.rules_passwords import password_reasons
from app.people.rules_security import browser_of
from app.people.schemas_security import ChangePassword, Device, Devices
from app.people.service import hasher, normal_password
from app.people.service_throttle import door_held, of_account


def own_account(session: Session, actor: Actor) -> Account:
    """The actor's account, held until the end of the transaction: what proves who one is goes one at a time."""
    mine = select(Account).where(Account.person_id == actor.person_id).with_for_update(key_share=True)
    return session.exec(mine).one()


def prove_again(session: Session, ring: Keyring, account: Account, present: SecretStr) -> None:
    """Ask the password once more; wrong tries count with those of the sign-in door."""
    with door_held(session, ring, Door.SIGN_IN, of_account(account.email), wrong=Invalid):
        if not hasher().verify(normal_password(present.get_secret_value()), account.password_hash):
            raise Invalid("wrong_password", Reason("wrong_password", field="present"))


# Devices ----------------------------------------------------------------------------------------


def devices(session: Session, actor: Actor, settings: Settings) -> Devices:
    """Where the person is signed in, the last used first; what has ended or slept too long is not there."""
    at = now()
    rows = session.exec(
        select(SignIn)
        .join(Account, col(Account.id) == SignIn.account_id)
        .where(
            Account.person_id == actor.person_id,
            col(SignIn.ended_at).is_(None),
            SignIn.expires_at > at,
            SignIn.seen_at > at - timedelta(hours=settings.idle_hours),
        )
        .order_by(col(SignIn.seen_at).desc(), col(SignIn.id).desc())
    ).all()
    return Devices(items=tuple(_device(row, actor) for row in rows))


def _device(row: SignIn, actor: Actor) -> Device:
    browser, system = browser_of(row.user_agent)
    return Device(
        id=row.id or 0,
        kind=row.kind,
        browser=browser,
        system=system,
        origin=row.origin,
        created_at=row.created_at,
        seen_at=row.seen_at,
        current=row.id == actor.sign_in_id,
    )


def end_device(session: Session, actor: Actor, sign_in_id: int) -> None:
    """End one of the person's sign-ins at once; another person's is not there."""
    row = session.exec(
        select(SignIn)
        .join(Account, col(Account.id) == SignIn.account_id)
        .where(Account.person_id == actor.person_id, SignIn.id == sign_in_id, col(SignIn.ended_at).is_(None))
    ).first()
    if row is None:
        raise NotFound
    row.ended_at = now()
    session.add(row)


def end_other_devices(session: Session, actor: Actor) -> None:
    """End all the person's sign-ins but this one."""
    end_sign_ins(session, own_account(session, actor).id or 0, kept=actor.sign_in_id)


def end_sign_ins(session: Session, account_id: int, *, kept: int | None = None) -> None:
    """End an account's sign-ins at once, but the one that is kept."""
    going = select(SignIn).where(SignIn.account_id == account_id, col(SignIn.ended_at).is_(None))
    for row in session.exec(going).all():
        if row.id != kept:
            row.ended_at = now()
            session.add(row)


# The password -----------------------------------------------------------------------------------


def change_password(session: Session, ring: Keyring, actor: Actor, command: ChangePassword) -> None:
    """Another password, by whoever knows the one of now; everywhere else one must sign in again."""
    account = own_account(session, actor)
    prove_again(session, ring, account, command.present)
    password = command.password.get_secret_value()
    refuse_unless(*reasons_for(session, account, password, second_factor=account.totp_confirmed_at is not None))
    account.password_hash = hasher().hash(normal_password(password))
    session.add(account)
    end_sign_ins(session, account.id or 0, kept=actor.sign_in_id)
    post(session, account.email, "password_changed")


def reasons_for(session: Session, account: Account, password: str, *, second_factor: bool) -> list[Reason]:
    """Why an account may not have this password, with or without a second factor beside it."""
    person = session.get_one(Person, account.person_id)
    about = (person.legal_first_name, person.legal_last_name, person.chosen_name or "")
    return password_reasons(password, email=account.email, about=about, second_factor=second_factor)
