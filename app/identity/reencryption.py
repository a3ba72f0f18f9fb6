"""Re-encryption, under the keyring's current key, of the secrets of accounts and of sign-in services."""

from sqlmodel import col, select

from app.identity.account.models import AccountSecret
from app.identity.oidc.models import OidcProvider
from app.identity.oidc.providers import secret_binding
from app.identity.second_factor.service import totp_binding
from app.platform.database.session import Session
from app.platform.security.keyring import KeyPurpose, Keyring


def reencrypt(db: Session, keyring: Keyring) -> dict[KeyPurpose, int]:
    """Re-encrypt the secrets of every college and return how many changed, by use; ``db`` is the owner's session."""
    has_second_factor = col(AccountSecret.totp_sealed).is_not(None)
    accounts = select(AccountSecret).where(has_second_factor).order_by(col(AccountSecret.account_id)).with_for_update()
    providers = select(OidcProvider).order_by(col(OidcProvider.id)).with_for_update()
    changed = {KeyPurpose.TOTP: 0, KeyPurpose.OIDC: 0}
    for account in db.exec(accounts).all():
        before = account.totp_sealed or ""
        account.totp_sealed = keyring.reencrypt(KeyPurpose.TOTP, before, bound=totp_binding(account.account_id))
        changed[KeyPurpose.TOTP] += account.totp_sealed != before
        db.add(account)
    for provider in db.exec(providers).all():
        before, binding = provider.client_secret_sealed, secret_binding(provider.issuer, provider.client_id)
        provider.client_secret_sealed = keyring.reencrypt(KeyPurpose.OIDC, before, bound=binding)
        changed[KeyPurpose.OIDC] += provider.client_secret_sealed != before
        db.add(provider)
    return changed
