"""The sign-in services of colleges: managing them, and listing them on the sign-in page.

A college's registrar and the administrator manage them (``people:manage``): a service opens only the accounts
that their own people have linked to it. An issuer could sign in as these people, so the deployment's operator names the
issuers that may be added (``ESCOUADE_OIDC_ISSUERS``): nobody who invites adds one of their own.
"""

from sqlmodel import col, select

from app.identity.oidc.issuer import discover, issuer_slot
from app.identity.oidc.models import OidcProvider
from app.identity.oidc.rules import is_issuer
from app.identity.oidc.schemas import NewProvider, ProviderRef, ProviderShown, SignInOption
from app.network.schemas import CollegeShown
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, Unavailable
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import KeyPurpose, Keyring


def secret_binding(issuer: str, client_id: str) -> str:
    """Return what a client secret's encryption is bound to: copied to another row, it cannot be decrypted."""
    return f"oidc:{issuer}:{client_id}"


def allows_loopback(settings: Settings) -> bool:
    """Return whether an issuer may be on this machine, over plain HTTP: for trials, never in production."""
    return settings.outgoing_loopback and settings.environment != "production"


def sign_in_options(db: Session, settings: Settings) -> tuple[SignInOption, ...]:
    """Return every provider in use, by label: the sign-in page shows them to everyone."""
    active = select(OidcProvider).where(col(OidcProvider.ended_at).is_(None)).order_by(OidcProvider.label)
    rows = (row for row in db.exec(active).all() if settings.accepts_issuer(row.issuer))
    return tuple(SignInOption.model_validate(row) for row in rows)


def providers_of(db: Session, college: CollegeShown) -> tuple[ProviderShown, ...]:
    """Return a college's providers, the ended ones too, oldest first."""
    rows = db.exec(
        select(OidcProvider).where(OidcProvider.college_id == college.id).order_by(col(OidcProvider.id))
    ).all()
    return tuple(ProviderShown.model_validate(row) for row in rows)


def see_provider(db: Session, actor: Actor, provider_id: int) -> ProviderRef:
    """Return a provider of a college where the actor holds the route's permission; raise ``NotFound``."""
    within = scoped(actor, college=OidcProvider.college_id)
    row = db.exec(select(OidcProvider).where(OidcProvider.id == provider_id, within)).first()
    if row is None:
        raise NotFound
    return ProviderRef.model_validate(row)


def set_provider(
    db: Session, settings: Settings, keyring: Keyring, college: CollegeShown, command: NewProvider
) -> ProviderShown:
    """Add a provider once its issuer answers with its own name; an existing one gets the new label and secret.

    Raises ``Invalid("oidc_issuer_unsafe")``, ``Invalid("oidc_issuer_undeclared")``, ``Invalid("oidc_issuer_silent")``,
    ``Conflict("oidc_provider_taken")`` when another college has it.
    """
    if not is_issuer(command.issuer, loopback=allows_loopback(settings)):
        raise Invalid("oidc_issuer_unsafe", Reason("oidc_issuer_unsafe", field="issuer"))
    if not settings.accepts_issuer(command.issuer):
        raise Invalid("oidc_issuer_undeclared", Reason("oidc_issuer_undeclared", field="issuer"))
    same = (OidcProvider.issuer == command.issuer, OidcProvider.client_id == command.client_id)
    row = db.exec(select(OidcProvider).where(*same)).first()
    if row is not None and row.college_id != college.id:
        raise Conflict("oidc_provider_taken")
    _check_issuer(command.issuer, loopback=allows_loopback(settings))
    encrypted = keyring.encrypt(
        KeyPurpose.OIDC,
        command.client_secret.get_secret_value(),
        bound=secret_binding(command.issuer, command.client_id),
    )
    if row is None:
        row = OidcProvider(
            college_id=college.id,
            issuer=command.issuer,
            client_id=command.client_id,
            label=command.label,
            client_secret_sealed=encrypted,
            created_at=now(),
        )
    row.label, row.client_secret_sealed, row.ended_at = command.label, encrypted, None
    db.add(row)
    db.flush()
    return ProviderShown.model_validate(row)


def _check_issuer(issuer: str, *, loopback: bool) -> None:
    """Raise ``Invalid`` unless the issuer answers with this very name, so that a typing error shows at once."""
    with issuer_slot():
        try:
            discover(issuer, loopback=loopback)
        except Unavailable:
            raise Invalid("oidc_issuer_silent", Reason("oidc_issuer_silent", field="issuer")) from None


def end_provider(db: Session, provider: ProviderRef) -> None:
    """Stop sign-ins through the provider; identities stay linked, in case it is added again."""
    row = db.get_one(OidcProvider, provider.id)
    row.ended_at = row.ended_at or now()
    db.add(row)
