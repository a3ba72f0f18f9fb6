"""Sealing again, under the current key, what older keys of the keyring sealed of accounts and sign-in services."""

from sqlmodel import col, select

from app.identity.account.models import Account
from app.identity.oidc.models import OidcProvider
from app.identity.oidc.providers import secret_place
from app.identity.second_factor.service import sealed_for
from app.platform.database.session import Session
from app.platform.security.keyring import Keyring, Use


def reseal(db: Session, keyring: Keyring) -> dict[Use, int]:
    """How many secrets of each use were sealed again; all of the platform's, so the session is the owner's."""
    accounts = select(Account).where(col(Account.totp_sealed).is_not(None)).order_by(col(Account.id)).with_for_update()
    providers = select(OidcProvider).order_by(col(OidcProvider.id)).with_for_update()
    done = {Use.TOTP: 0, Use.OIDC: 0}
    for account in db.exec(accounts).all():
        before = account.totp_sealed or ""
        account.totp_sealed = keyring.resealed(Use.TOTP, before, bound=sealed_for(account))
        done[Use.TOTP] += account.totp_sealed != before
        db.add(account)
    for provider in db.exec(providers).all():
        before, place = provider.client_secret_sealed, secret_place(provider.issuer, provider.client_id)
        provider.client_secret_sealed = keyring.resealed(Use.OIDC, before, bound=place)
        done[Use.OIDC] += provider.client_secret_sealed != before
        db.add(provider)
    return done
