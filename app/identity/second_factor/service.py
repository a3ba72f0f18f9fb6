"""The second factor (TOTP, RFC 6238) and its recovery codes.

A proposed secret is not stored: it is sent encrypted, bound to one sign-in, and comes back with its first code.
"""

import secrets
from datetime import timedelta

import pyotp
from sqlmodel import col, func, select

from app.identity.account.models import Account, AccountSecret
from app.identity.account.schemas import PasswordProof
from app.identity.account.service import (
    accept_present,
    lock_own_account,
    own_account,
    password_reasons_for,
    secret_of_account,
)
from app.identity.second_factor.models import RecoveryCode
from app.identity.second_factor.rules import (
    PROPOSAL_LIFETIME,
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
from app.identity.sign_in.proofs import PasswordCheck
from app.identity.sign_in.schemas import SignedIn
from app.identity.sign_in.service import end_sign_ins, rotate_sign_in
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session, open_credentials
from app.platform.errors import Conflict, Forbidden, Invalid, NotFound, Reason, Unavailable, refuse_unless
from app.platform.messages import i18n
from app.platform.messages.addresses import normal_address
from app.platform.security.actor import Actor
from app.platform.security.keyring import KeyPurpose, Keyring
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_account


def second_factor_state(db: Session, actor: Actor, settings: Settings) -> SecondFactorState:
    """Return the state of the person's second factor."""
    account = own_account(db, actor)
    left = select(func.count()).where(RecoveryCode.account_id == account.id, col(RecoveryCode.used_at).is_(None))
    return SecondFactorState(
        on=account.totp_confirmed_at is not None,
        since=account.totp_confirmed_at,
        codes_left=db.exec(left).one(),
        needed=needs_second_factor(actor.grants, settings),
    )


# Enrolling --------------------------------------------------------------------------------------


def propose(db: Session, keyring: Keyring, actor: Actor) -> Proposal:
    """Return a new secret, as text and as the URI of a QR code; nothing is written."""
    account = own_account(db, actor)
    _refuse_unproven_replacement(actor, account)
    return _proposal(keyring, actor, account, pyotp.random_base32())


def propose_again(db: Session, keyring: Keyring, actor: Actor, proposal: str) -> Proposal:
    """Return the same proposal again, after a wrong first code."""
    account = own_account(db, actor)
    return _proposal(keyring, actor, account, _proposed_secret(keyring, actor, proposal))


def enrol(db: Session, keyring: Keyring, actor: Actor, command: Enrol, check: PasswordCheck, *, hours: int) -> Enrolled:
    """Set up the proposed second factor, or replace the present one; this sign-in gets a new secret.

    The check of the password is required once the sign-in is complete; before, it has just been given. The person's
    other sign-ins must then prove the new second factor. Raises ``Invalid``, ``Forbidden("second_factor_required")``.
    """
    account = lock_own_account(db, actor)
    _refuse_unproven_replacement(actor, account)
    if not actor.pending:
        if command.present is None:
            raise Invalid("wrong_password", Reason("missing", field="present"))
        accept_present(db, keyring, account, check)
    secret = _proposed_secret(keyring, actor, command.proposal)
    step = matching_step(secret, normal_code(command.code), now())
    if step is None:
        raise Invalid("wrong_code", Reason("wrong_code", field="code"))
    stored = secret_of_account(db, account)
    stored.totp_sealed = keyring.encrypt(KeyPurpose.TOTP, secret, bound=totp_binding(account.id))
    account.totp_confirmed_at, stored.totp_step = now(), step
    db.add_all((account, stored))
    codes = _replace_codes(db, account)
    token, expires_at = rotate_sign_in(db, actor, hours=hours)
    return Enrolled(token=token, expires_at=expires_at, codes=codes)


def totp_binding(account_id: int) -> str:
    """Return what the encryption of an account's secret is bound to."""
    return f"account:{account_id}"


def _refuse_unproven_replacement(actor: Actor, account: Account) -> None:
    """Raise ``Forbidden`` for a person who has a second factor and has not proven it."""
    if actor.pending and account.totp_confirmed_at is not None:
        raise Forbidden("second_factor_required")


def _proposal(keyring: Keyring, actor: Actor, account: Account, secret: str) -> Proposal:
    """Return a secret with its URI, encrypted for this sign-in."""
    uri = pyotp.TOTP(secret).provisioning_uri(name=account.email, issuer_name=i18n.t("core.product"))
    encrypted = keyring.encrypt(KeyPurpose.TOTP, f"{now().timestamp():.0f} {secret}", bound=_proposal_binding(actor))
    return Proposal(secret=secret, uri=uri, proposal=encrypted)


def _proposed_secret(keyring: Keyring, actor: Actor, proposal: str) -> str:
    """Return the secret of a proposal; raise ``Invalid`` once it is over, or of another sign-in."""
    try:
        created, _, secret = keyring.decrypt(KeyPurpose.TOTP, proposal, bound=_proposal_binding(actor)).partition(" ")
    except (Unavailable, ValueError):
        raise Invalid("proposal_over", Reason("proposal_over", field="proposal")) from None
    if now().timestamp() - int(created) > PROPOSAL_LIFETIME / timedelta(seconds=1):
        raise Invalid("proposal_over", Reason("proposal_over", field="proposal"))
    return secret


def _proposal_binding(actor: Actor) -> str:
    """Return what the encryption of a proposal is bound to."""
    return f"proposal:{actor.sign_in_id}"


# Verifying --------------------------------------------------------------------------------------


def verify(db: Session, keyring: Keyring, actor: Actor, command: SecondFactorCode, *, hours: int) -> SignedIn:
    """Verify a code or a recovery code; the sign-in continues under a new secret.

    Attempts on one account are serialised, so that no more are made at once than the rate limit allows. Raises
    ``Invalid("wrong_code")``, ``Conflict("no_second_factor")``, ``Conflict("second_factor_proven")``.
    """
    account = lock_own_account(db, actor)
    stored = secret_of_account(db, account)
    if stored.totp_sealed is None or account.totp_confirmed_at is None:
        raise Conflict("no_second_factor")
    if not actor.pending:
        raise Conflict("second_factor_proven")
    with limited_attempt(db, keyring, RateLimitScope.SECOND_FACTOR, of_account(str(account.id)), wrong=Invalid):
        _use_code(db, keyring, stored, normal_code(command.code))
    token, expires_at = rotate_sign_in(db, actor, hours=hours)
    return SignedIn(token=token, expires_at=expires_at)


def _use_code(db: Session, keyring: Keyring, stored: AccountSecret, code: str) -> None:
    """Use a code up; raise :class:`Invalid` when it is wrong or already used."""
    if is_time_code(code):
        secret = keyring.decrypt(KeyPurpose.TOTP, stored.totp_sealed or "", bound=totp_binding(stored.account_id))
        step = matching_step(secret, code, now(), last_used=stored.totp_step)
        if step is not None:
            stored.totp_step = step
            db.add(stored)
            return
    else:
        unused_code = select(RecoveryCode).where(
            RecoveryCode.account_id == stored.account_id,
            RecoveryCode.code_hash == digest(code),
            col(RecoveryCode.used_at).is_(None),
        )
        recovery_code = db.exec(unused_code).first()
        if recovery_code is not None:
            recovery_code.used_at = now()
            db.add(recovery_code)
            return
    raise Invalid("wrong_code", Reason("wrong_code", field="code"))


# Recovery codes, and removal --------------------------------------------------------------------


def renew_codes(db: Session, keyring: Keyring, actor: Actor, check: PasswordCheck) -> RecoveryCodes:
    """Replace the recovery codes by ten new ones, given the check of the password."""
    account = lock_own_account(db, actor)
    if account.totp_confirmed_at is None:
        raise Conflict("no_second_factor")
    accept_present(db, keyring, account, check)
    return RecoveryCodes(codes=_replace_codes(db, account))


def _replace_codes(db: Session, account: Account) -> tuple[str, ...]:
    """Delete the account's recovery codes and return new ones."""
    _delete_codes(db, account)
    codes = ["".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH)) for _ in range(RECOVERY_CODES)]
    db.add_all(RecoveryCode(account_id=account.id, code_hash=digest(code)) for code in codes)
    db.flush()
    return tuple(shown_code(code) for code in codes)


def _delete_codes(db: Session, account: Account) -> None:
    """Delete the account's recovery codes."""
    for row in db.exec(select(RecoveryCode).where(RecoveryCode.account_id == account.id)).all():
        db.delete(row)


def remove(
    db: Session, keyring: Keyring, actor: Actor, check: PasswordCheck, command: PasswordProof, *, settings: Settings
) -> None:
    """Remove the second factor: not when a role needs it, nor when the password alone would be too short.

    Raises ``Conflict("no_second_factor")``, ``Conflict("second_factor_needed")``, ``Invalid``.
    """
    account = lock_own_account(db, actor)
    if account.totp_confirmed_at is None:
        raise Conflict("no_second_factor")
    accept_present(db, keyring, account, check)
    if needs_second_factor(actor.grants, settings):
        raise Conflict("second_factor_needed")
    refuse_unless(*password_reasons_for(db, account, command.present.get_secret_value(), second_factor=False))
    _clear(db, account)


def remove_as_operator(db: Session, email: str) -> bool:
    """Remove a lost second factor and end the sign-ins; return whether there was one.

    For the operator, who has checked the person's identity. Raises ``NotFound("account_unknown")``.
    """
    account = db.exec(select(Account).where(Account.email == normal_address(email))).one_or_none()
    if account is None:
        raise NotFound("account_unknown")
    open_credentials(db, account.id)
    account = db.get_one(Account, account.id, with_for_update=True, populate_existing=True)
    had_second_factor = account.totp_confirmed_at is not None
    _clear(db, account)
    end_sign_ins(db, account.id)
    return had_second_factor


def _clear(db: Session, account: Account) -> None:
    """Remove an account's second factor and its recovery codes."""
    stored = secret_of_account(db, account)
    stored.totp_sealed = account.totp_confirmed_at = stored.totp_step = None
    db.add_all((account, stored))
    _delete_codes(db, account)
