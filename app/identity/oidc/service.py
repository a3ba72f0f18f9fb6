"""Signing in through a college's own service (OpenID Connect, code flow with PKCE), and linking one's account to it.

A person is known by ``(issuer, subject)`` and never by an e-mail address: an issuer may say any address of anyone.
Only who is signed in links an identity to their account. The second factor stays ours: what an issuer says of its
own (``amr``) is not read, so whoever needs one here gives it here.
"""

import secrets
from dataclasses import dataclass

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import delete, text, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.identity.account.models import Account
from app.identity.account.schemas import PasswordProof
from app.identity.account.service import own_account, prove_again
from app.identity.oidc.issuer import Client, Refused, claims_for, discover, log, unavailable, visit
from app.identity.oidc.models import OidcFlow, OidcIdentity, OidcProvider
from app.identity.oidc.providers import allows_loopback, secret_place
from app.identity.oidc.rules import FLOW_LASTS, Expected, token_fault
from app.identity.oidc.schemas import AuthorizationRedirect, Callback, FlowResult, IdentityShown
from app.identity.sign_in.authentication import digest
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.database.transaction import separate_transaction
from app.platform.errors import Conflict, Forbidden, NotFound, Reason
from app.platform.security.actor import Actor
from app.platform.security.keyring import Keyring, Use
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_stranger

BACK = "/connexion/oidc/retour"
"""Where issuers send browsers back: the address to register at each of them, behind ``base_url``."""
LINKS = "/securite/oidc"
"""Where someone sees the identities linked to their account."""
LONGEST_PATH = 500
AWAY = frozenset({"server_error", "temporarily_unavailable"})
"""What an issuer says when it is not well (RFC 6749, 4.1.2.1)."""


def redirect_uri(settings: Settings) -> str:
    """The one address that issuers may send a browser back to; from the settings only, whatever a request says."""
    return settings.base_url.rstrip("/") + BACK


# Leaving ----------------------------------------------------------------------------------------


def link_through(
    db: Session, settings: Settings, keyring: Keyring, provider_id: int, *, actor: Actor, proof: PasswordProof
) -> AuthorizationRedirect:
    """Begin to link an identity to one's own account: another way in, hence the password once more."""
    account = own_account(db, actor)
    prove_again(db, keyring, account, proof.present)
    return start_flow(db, settings, keyring, provider_id, suite=LINKS, account_id=account.id)


def start_flow(
    db: Session,
    settings: Settings,
    keyring: Keyring,
    provider_id: int,
    *,
    suite: str,
    account_id: int | None = None,
) -> AuthorizationRedirect:
    """Begin a flow with a provider in one browser; with an account, to link the identity to it."""
    provider = db.exec(_active(provider_id)).first()
    if provider is None:
        raise NotFound
    with visit():
        metadata = discover(provider.issuer, loopback=allows_loopback(settings))
    state, browser, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(4))
    _forget_old(db)
    db.add(
        OidcFlow(
            provider_id=provider_id,
            account_id=account_id,
            state_hash=digest(state),
            browser_hash=digest(browser),
            nonce=nonce,
            verifier_sealed=keyring.encrypt(Use.OIDC, verifier, bound=f"flow:{digest(state)}"),
            return_to=suite if len(suite) <= LONGEST_PATH else "/",
            created_at=now(),
        )
    )
    db.flush()
    address = prepare_grant_uri(
        metadata["authorization_endpoint"],
        client_id=provider.client_id,
        response_type="code",
        redirect_uri=redirect_uri(settings),
        scope="openid",  # who it is, and nothing of who they are
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return AuthorizationRedirect(address=address, browser=browser, label=provider.label)


def _active(provider_id: int) -> SelectOfScalar[OidcProvider]:
    return select(OidcProvider).where(OidcProvider.id == provider_id, col(OidcProvider.ended_at).is_(None))


def _forget_old(db: Session) -> None:
    """Flows that can end no more, a few at a time, without waiting for whoever forgets the same."""
    old = (
        select(OidcFlow.id)
        .where(OidcFlow.created_at < now() - 2 * FLOW_LASTS)
        .order_by(col(OidcFlow.id))
        .limit(50)
        .with_for_update(skip_locked=True)
    )
    db.connection().execute(delete(OidcFlow).where(col(OidcFlow.id).in_(old)))


def _account_of(db: Session, actor: Actor | None) -> int | None:
    person_id = actor.person_id if actor is not None else None
    return db.exec(select(Account.id).where(Account.person_id == person_id)).first()


# Coming back ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Flow:
    """A flow that is being finished; nobody can finish it again."""

    account_id: int | None
    nonce: str
    verifier: str
    return_to: str
    client: Client


def finish_flow(
    db: Session,
    settings: Settings,
    keyring: Keyring,
    arrival: Callback,
    *,
    browser: str,
    reader: Actor | None,
    origin: str,
) -> FlowResult:
    """Who came back from an issuer; ten answers that do not hold close the door to an address for a while."""
    with limited_attempt(db, keyring, RateLimitScope.OIDC, of_stranger(origin), wrong=Refused):
        try:
            flow = _consume(db, settings, keyring, arrival.state, browser)
            if flow.account_id is not None and flow.account_id != _account_of(db, reader):
                raise Refused("reader")
            subject = _subject(flow, arrival)
        except Refused as refusal:
            log.warning("refused: %s", refusal.why)
            raise
    if flow.account_id is None:
        return FlowResult(account_id=_known(db, flow, subject), return_to=flow.return_to, linked=False)
    _link(db, flow.account_id, flow.client.issuer, subject)
    return FlowResult(account_id=flow.account_id, return_to=flow.return_to, linked=True)


def _consume(db: Session, settings: Settings, keyring: Keyring, state: str, browser: str) -> _Flow:
    """Use a flow up, whatever becomes of it: in its own browser, within minutes, once even for two at a time."""
    at = now()
    mine = (
        update(OidcFlow)
        .where(
            col(OidcFlow.state_hash) == digest(state),
            col(OidcFlow.browser_hash) == digest(browser),
            col(OidcFlow.used_at).is_(None),
            col(OidcFlow.created_at) > at - FLOW_LASTS,
        )
        .values(used_at=at)
        .returning(OidcFlow)
    )
    with separate_transaction(db) as other:
        row = other.connection().execute(mine).mappings().one_or_none()
    if row is None:
        raise Refused("state")
    provider = db.exec(_active(row["provider_id"])).first()
    if provider is None:
        raise Refused("provider")
    client = Client(
        issuer=provider.issuer,
        client_id=provider.client_id,
        secret=keyring.decrypt(
            Use.OIDC, provider.client_secret_sealed, bound=secret_place(provider.issuer, provider.client_id)
        ),
        redirect_uri=redirect_uri(settings),
        loopback=allows_loopback(settings),
    )
    verifier = keyring.decrypt(Use.OIDC, row["verifier_sealed"], bound=f"flow:{row['state_hash']}")
    return _Flow(row["account_id"], row["nonce"], verifier, row["return_to"], client)


def _subject(flow: _Flow, arrival: Callback) -> str:
    """The subject of an ID token that holds."""
    client = flow.client
    if arrival.iss is not None and arrival.iss != client.issuer:
        raise Refused("mix-up")
    if arrival.error == "access_denied":
        raise Forbidden("oidc_cancelled")
    if arrival.error in AWAY:
        raise unavailable("error")
    if arrival.error or not arrival.code:
        raise Refused("error")
    with visit():
        metadata = discover(client.issuer, loopback=client.loopback)
        claims = claims_for(client, metadata, arrival.code, flow.verifier)
    fault = token_fault(claims, Expected(client.issuer, client.client_id, flow.nonce), now())
    if fault is not None:
        raise Refused(fault)
    return str(claims["sub"])


def _at(issuer: str, subject: str) -> SelectOfScalar[OidcIdentity]:
    return select(OidcIdentity).where(OidcIdentity.issuer == issuer, OidcIdentity.subject == subject)


def _known(db: Session, flow: _Flow, subject: str) -> int:
    """The account that this identity is linked to; no other sign opens one."""
    theirs = _at(flow.client.issuer, subject).join(Account, col(Account.id) == OidcIdentity.account_id)
    identity = db.exec(theirs.where(col(Account.suspended_at).is_(None))).first()
    if identity is None:
        raise Forbidden("oidc_unknown", Reason("oidc_link_first"))
    identity.seen_at = now()
    db.add(identity)
    return identity.account_id


# Identities of one's own ------------------------------------------------------------------------


def _link(db: Session, account_id: int, issuer: str, subject: str) -> None:
    """Add an identity to an account, once; another's stays theirs."""
    identity = db.exec(_at(issuer, subject)).first()
    if identity is None:
        db.add(OidcIdentity(account_id=account_id, issuer=issuer, subject=subject, linked_at=now()))
        db.flush()
    elif identity.account_id != account_id:
        raise Conflict("oidc_identity_taken")


_MINE = text(
    """
    select i.id, i.issuer, i.linked_at, i.seen_at,
           (select min(p.label) from oidc_provider p where p.issuer = i.issuer and p.ended_at is null) as label
      from oidc_identity i where i.account_id = :account order by i.id
    """
)


def identities(db: Session, actor: Actor) -> tuple[IdentityShown, ...]:
    """What one's own account is linked to, the oldest first."""
    rows = db.execute(_MINE, {"account": _account_of(db, actor)}).mappings()
    return tuple(IdentityShown(**row) for row in rows)


def unlink(db: Session, actor: Actor, identity_id: int) -> None:
    """Take an identity off one's own account; the password stays a way in."""
    mine = (OidcIdentity.id == identity_id, OidcIdentity.account_id == _account_of(db, actor))
    identity = db.exec(select(OidcIdentity).where(*mine)).first()
    if identity is None:
        raise NotFound
    db.delete(identity)
