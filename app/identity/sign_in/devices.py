"""The devices that one is signed in on."""

from datetime import timedelta

from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.account.service import lock_own_account, own_account
from app.identity.sign_in.models import SignIn
from app.identity.sign_in.rules import browser_of
from app.identity.sign_in.schemas import Device, Devices
from app.identity.sign_in.service import end_sign_ins
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import NotFound
from app.platform.security.actor import Actor


def devices(db: Session, actor: Actor, settings: Settings) -> Devices:
    """Return the person's sign-ins that are still valid, the last used first."""
    at = now()
    own_account(db, actor)
    rows = db.exec(
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
    """Return a sign-in as the person sees it."""
    browser, system = browser_of(row.user_agent)
    return Device(
        id=row.id,
        kind=row.kind,
        browser=browser,
        system=system,
        origin=row.origin,
        created_at=row.created_at,
        seen_at=row.seen_at,
        current=row.id == actor.sign_in_id,
    )


def end_device(db: Session, actor: Actor, sign_in_id: int) -> None:
    """End one of the person's sign-ins at once; raise ``NotFound``, also for another person's."""
    own_account(db, actor)
    row = db.exec(
        select(SignIn)
        .join(Account, col(Account.id) == SignIn.account_id)
        .where(Account.person_id == actor.person_id, SignIn.id == sign_in_id, col(SignIn.ended_at).is_(None))
    ).first()
    if row is None:
        raise NotFound
    row.ended_at = now()
    db.add(row)


def end_other_devices(db: Session, actor: Actor) -> None:
    """End all the person's sign-ins but this one."""
    end_sign_ins(db, lock_own_account(db, actor).id, except_id=actor.sign_in_id)
