"""The sign-in services of colleges: who manages them, and what the sign-in page offers.

A college's registrar and the administrator manage them (``people:manage``): a service opens the accounts that
their own people have linked to it, and no other.
"""

from sqlmodel import col, select

from app.identity.oidc.issuer import discover, visit
from app.identity.oidc.models import OidcProvider
from app.identity.oidc.rules import is_issuer
from app.identity.oidc.schemas import NewProvider, Offer, ProviderRef, ProviderShown
from app.network.schemas import CollegeShown
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, Unavailable
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring, Use


def secret_place(issuer: str, client_id: str) -> str:
    """What a client secret is sealed for: moved to another row, it does not open."""
    return f"oidc:{issuer}:{client_id}"


def allows_loopback(settings: Settings) -> bool:
    """Whether an issuer may be on this machine, over plain HTTP: for trying, never for real people."""
    return settings.environment != "production"


def offers(db: Session) -> tuple[Offer, ...]:
    """Every way to sign in, by label: shown before anyone is known."""
    active = select(OidcProvider).where(col(OidcProvider.ended_at).is_(None)).order_by(OidcProvider.label)
    return tuple(Offer.model_validate(row) for row in db.exec(active).all())


def providers_of(db: Session, college: CollegeShown) -> tuple[ProviderShown, ...]:
    """A college's services, the ended ones too, the oldest first."""
    rows = db.exec(
        select(OidcProvider).where(OidcProvider.college_id == college.id).order_by(col(OidcProvider.id))
    ).all()
    return tuple(ProviderShown.model_validate(row) for row in rows)


def see_provider(db: Session, actor: Actor, provider_id: int) -> ProviderRef:
    """A provider of a college whose people the actor manages."""
    within = scoped(actor, college=OidcProvider.college_id)
    found = db.exec(select(OidcProvider).where(OidcProvider.id == provider_id, within)).first()
    if found is None:
        raise NotFound
    return ProviderRef.model_validate(found)


def set_provider(
    db: Session, settings: Settings, keyring: Keyring, college: CollegeShown, command: NewProvider
) -> ProviderShown:
    """Offer a service, once its issuer answers by its own name; a known one gets a new label and secret."""
    if not is_issuer(command.issuer, loopback=allows_loopback(settings)):
        raise Invalid("oidc_issuer_unsafe", Reason("oidc_issuer_unsafe", field="issuer"))
    same = (OidcProvider.issuer == command.issuer, OidcProvider.client_id == command.client_id)
    row = db.exec(select(OidcProvider).where(*same)).first()
    if row is not None and row.college_id != college.id:
        raise Conflict("oidc_provider_taken")
    _try(command.issuer, loopback=allows_loopback(settings))
    sealed = keyring.encrypt(
        Use.OIDC, command.client_secret.get_secret_value(), bound=secret_place(command.issuer, command.client_id)
    )
    if row is None:
        row = OidcProvider(
            college_id=college.id,
            issuer=command.issuer,
            client_id=command.client_id,
            label=command.label,
            client_secret_sealed=sealed,
            created_at=now(),
        )
    row.label, row.client_secret_sealed, row.ended_at = command.label, sealed, None
    db.add(row)
    db.flush()
    return ProviderShown.model_validate(row)


def _try(issuer: str, *, loopback: bool) -> None:
    """Whether the issuer answers, by this very name: a misspelt one is told now, not to everyone later."""
    with visit():
        try:
            discover(issuer, loopback=loopback)
        except Unavailable:
            raise Invalid("oidc_issuer_silent", Reason("oidc_issuer_silent", field="issuer")) from None


def end_provider(db: Session, provider: ProviderRef) -> None:
    """Offer it no more; identities stay linked, for the day it is offered again."""
    row = db.get_one(OidcProvider, provider.id)
    row.ended_at = row.ended_at or now()
    db.add(row)
