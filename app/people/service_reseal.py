"""Sealing again, under the current key, what older keys of the ring sealed of accounts and sign-in services."""

from sqlmodel import col, select

from app.db import Session
from app.keys import Keyring, Use
from app.people.models import Account, OidcProvider
from app.people.service_oidc_providers import secret_place
from app.people.service_second_factor import sealed_for


def reseal(session: Session, ring: Keyring) -> dict[Use, int]:
    """How many secrets of each use were sealed again; all of the platform's, so the session is the owner's."""
    accounts = select(Account).where(col(Account.totp_sealed).is_not(None)).order_by(col(Account.id)).with_for_update()
    providers = select(OidcProvider).order_by(col(OidcProvider.id)).with_for_update()
    done = {Use.TOTP: 0, Use.OIDC: 0}
    for account in session.exec(accounts).all():
        before = account.totp_sealed or ""
        account.totp_sealed = ring.resealed(Use.TOTP, before, bound=sealed_for(account))
        done[Use.TOTP] += account.totp_sealed != before
        session.add(account)
    for provider in session.exec(providers).all():
        before, place = provider.client_secret_sealed, secret_place(provider.issuer, provider.client_id)
        provider.client_secret_sealed = ring.resealed(Use.OIDC, before, bound=place)
        done[Use.OIDC] += provider.client_secret_sealed != before
        session.add(provider)
    return done
