"""The second factor (TOTP, RFC 6238) and the codes to write down for who loses it.

A proposed secret is kept nowhere: it goes out sealed for one sign-in and comes back with its first code.
"""

import secrets
from datetime import timedelta

import pyotp
from sqlmodel import col, func, select

from app.identity.account.models import Account
from app.identity.account.rules import normal_email
from app.identity.account.schemas import PasswordProof
from app.identity.account.service import own_account, prove_again, reasons_for
from app.identity.second_factor.models import RecoveryCode
from app.identity.second_factor.rules import (
    PROPOSAL_LASTS,
    RECOVERY_ALPHABET,
    RECOVERY_CODES,
    RECOVERY_LENGTH,
    is_time_code,
    matching_step,
    normal_code,
    shown_code,
)
from app.identity.second_factor.schemas import (
    Enrol,
    Enrolled,
    Proposal,
    RecoveryCodes,
    SecondFactorCode,
    SecondFactorState,
)
from app.identity.sign_in.authentication import digest, needs_second_factor
from app.identity.sign_in.schemas import SignedIn
from app.identity.sign_in.service import end_sign_ins, renew
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, Reason, Unavailable, refuse_unless
from app.platform.messages import i18n as text
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring, Use
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_account


def state(db: Session, actor: Actor, settings: Settings) -> SecondFactorState:
    """What the person has."""
    account = db.exec(select(Account).where(Account.person_id == actor.person_id)).one()
    left = select(func.count()).where(RecoveryCode.account_id == account.id, col(RecoveryCode.used_at).is_(None))
    return SecondFactorState(
        on=account.totp_confirmed_at is not None,
        since=account.totp_confirmed_at,
        codes_left=db.exec(left).one(),
        needed=needs_second_factor(actor.grants, settings),
    )


# Enrolling --------------------------------------------------------------------------------------


def propose(db: Session, keyring: Keyring, actor: Actor) -> Proposal:
    """A new secret, for an application that reads its address; nothing is written."""
    account = db.exec(select(Account).where(Account.person_id == actor.person_id)).one()
    _refuse_unproven(actor, account)
    return _proposal(keyring, actor, account, pyotp.random_base32())


def propose_again(db: Session, keyring: Keyring, actor: Actor, proposal: str) -> Proposal:
    """The same secret once more, after a wrong first code."""
    account = db.exec(select(Account).where(Account.person_id == actor.person_id)).one()
    return _proposal(keyring, actor, account, _opened(keyring, actor, proposal))


def enrol(db: Session, keyring: Keyring, actor: Actor, command: Enrol, *, hours: int) -> Enrolled:
    """Take the proposed second factor, or replace the one there was; this sign-in gets a new secret.

    The password is asked of whoever is signed in for good; whoever is not has just given it. Every other
    sign-in of a person who had none must prove it too.
    """
    account = own_account(db, actor)
    _refuse_unproven(actor, account)
    if not actor.pending:
        if command.present is None:
            raise Invalid("wrong_password", Reason("missing", field="present"))
        prove_again(db, keyring, account, command.present)
    secret = _opened(keyring, actor, command.proposal)
    step = matching_step(secret, normal_code(command.code), now())
    if step is None:
        raise Invalid("wrong_code", Reason("wrong_code", field="code"))
    account.totp_sealed = keyring.encrypt(Use.TOTP, secret, bound=sealed_for(account))
    account.totp_confirmed_at, account.totp_step = now(), step
    db.add(account)
    codes = _new_codes(db, account)
    token, expires_at = renew(db, actor, hours=hours)
    return Enrolled(token=token, expires_at=expires_at, codes=codes)


def sealed_for(account: Account) -> str:
    """The place that an account's secret is bound to."""
    return f"account:{account.id}"


def _refuse_unproven(actor: Actor, account: Account) -> None:
    """Whoever has a second factor and has not proven it may not take another."""
    if actor.pending and account.totp_confirmed_at is not None:
        raise Forbidden("second_factor_required")


def _proposal(keyring: Keyring, actor: Actor, account: Account, secret: str) -> Proposal:
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=text.t("core.product"))
    sealed = keyring.encrypt(Use.TOTP, f"{now().timestamp():.0f} {secret}", bound=_for_sign_in(actor))
    return Proposal(secret=secret, uri=uri, proposal=sealed)


def _opened(keyring: Keyring, actor: Actor, proposal: str) -> str:
    try:
        made, _, secret = keyring.decrypt(Use.TOTP, proposal, bound=_for_sign_in(actor)).partition(" ")
    except (Unavailable, ValueError):
        raise Invalid("proposal_over", Reason("proposal_over", field="proposal")) from None
    if now().timestamp() - int(made) > PROPOSAL_LASTS / timedelta(seconds=1):
        raise Invalid("proposal_over", Reason("proposal_over", field="proposal"))
    return secret


def _for_sign_in(actor: Actor) -> str:
    return f"proposal:{actor.sign_in_id}"


# Proving ----------------------------------------------------------------------------------------


def finish(db: Session, keyring: Keyring, actor: Actor, command: SecondFactorCode, *, hours: int) -> SignedIn:
    """Prove the second factor by a code or a recovery code; the sign-in goes on under a new secret.

    Tries of one account go one at a time, so that no more of them than the throttle allows are made at once.
    """
    account = own_account(db, actor)
    if account.totp_sealed is None or account.totp_confirmed_at is None:
        raise Conflict("no_second_factor")
    if not actor.pending:
        raise Conflict("second_factor_proven")
    with limited_attempt(db, keyring, RateLimitScope.SECOND_FACTOR, of_account(str(account.id)), wrong=Invalid):
        _take(db, keyring, account, normal_code(command.code))
    token, expires_at = renew(db, actor, hours=hours)
    return SignedIn(token=token, expires_at=expires_at)


def _take(db: Session, keyring: Keyring, account: Account, code: str) -> None:
    """Use a code up; :class:`Invalid` when it is wrong or has served."""
    if is_time_code(code):
        secret = keyring.decrypt(Use.TOTP, account.totp_sealed or "", bound=sealed_for(account))
        step = matching_step(secret, code, now(), taken=account.totp_step)
        if step is not None:
            account.totp_step = step
            db.add(account)
            return
    else:
        written = select(RecoveryCode).where(
            RecoveryCode.account_id == account.id,
            RecoveryCode.code_hash == digest(code),
            col(RecoveryCode.used_at).is_(None),
        )
        found = db.exec(written).first()
        if found is not None:
            found.used_at = now()
            db.add(found)
            return
    raise Invalid("wrong_code", Reason("wrong_code", field="code"))


# Recovery codes, and leaving --------------------------------------------------------------------


def renew_codes(db: Session, keyring: Keyring, actor: Actor, command: PasswordProof) -> RecoveryCodes:
    """Ten new codes; those there were serve no more."""
    account = own_account(db, actor)
    if account.totp_confirmed_at is None:
        raise Conflict("no_second_factor")
    prove_again(db, keyring, account, command.present)
    return RecoveryCodes(codes=_new_codes(db, account))


def _new_codes(db: Session, account: Account) -> tuple[str, ...]:
    _forget_codes(db, account)
    codes = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    db.add_all(RecoveryCode(account_id=account.id, code_hash=digest(code)) for code in codes)
    db.flush()
    return tuple(shown_code(code) for code in codes)


def _forget_codes(db: Session, account: Account) -> None:
    for row in db.exec(select(RecoveryCode).where(RecoveryCode.account_id == account.id)).all():
        db.delete(row)


def remove(db: Session, keyring: Keyring, actor: Actor, command: PasswordProof, settings: Settings) -> None:
    """Go back to a password alone: not for roles that need more, nor with a password too short for that."""
    account = own_account(db, actor)
    if account.totp_confirmed_at is None:
        raise Conflict("no_second_factor")
    prove_again(db, keyring, account, command.present)
    if needs_second_factor(actor.grants, settings):
        raise Conflict("second_factor_needed")
    refuse_unless(*reasons_for(db, account, command.present.get_secret_value(), second_factor=False))
    clear(db, account)


def forget(db: Session, email: str) -> bool:
    """For who lost everything, when the operator knows who they are; ends their sign-ins. Whether there was one."""
    account = db.exec(select(Account).where(Account.email == normal_email(email)).with_for_update()).one_or_none()
    if account is None:
        raise NotFound("account_unknown")
    had = account.totp_confirmed_at is not None
    clear(db, account)
    end_sign_ins(db, account.id)
    return had


def clear(db: Session, account: Account) -> None:
    """Forget an account's second factor and its codes."""
    account.totp_sealed = account.totp_confirmed_at = account.totp_step = None
    db.add(account)
    _forget_codes(db, account)
