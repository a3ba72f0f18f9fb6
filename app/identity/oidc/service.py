"""Sign-in through a college's provider (OpenID Connect, code flow with PKCE), and linking one's account to it.

An account is found by ``(issuer, subject)`` and never by an e-mail address, since an issuer may assert any address.
Only a signed-in person links an identity to their account. The second factor stays ours: the issuer's ``amr``
is not read, so a person who needs a second factor proves it here.
"""

import secrets
from dataclasses import dataclass

from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from sqlalchemy import delete, text, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.identity.account.models import Account
from app.identity.account.service import accept_present, lock_own_account, own_account
from app.identity.oidc.issuer import AnswerRefused, Client, discover, fetch_claims, issuer_slot, log, unavailable
from app.identity.oidc.models import OidcFlow, OidcIdentity, OidcProvider
from app.identity.oidc.providers import allows_loopback, secret_binding
from app.identity.oidc.rules import FLOW_LIFETIME, ExpectedClaims, token_fault
from app.identity.oidc.schemas import AuthorizationRedirect, Callback, FlowResult, IdentityShown
from app.identity.sign_in.authentication import digest
from app.identity.sign_in.proofs import PasswordCheck
from app.platform.clock import now
from app.platform.config import Settings
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow, open_credentials
from app.platform.database.transaction import separate_transaction
from app.platform.errors import Conflict, Forbidden, NotFound, Reason
from app.platform.security.actor import Actor
from app.platform.security.keyring import KeyPurpose, Keyring
from app.platform.security.rate_limit import RateLimitScope, limited_attempt, of_address

CALLBACK_PATH = "/connexion/oidc/retour"
"""Where issuers redirect browsers: the path, after ``base_url``, to register at each of them."""
IDENTITIES_PATH = "/securite/oidc"
"""The page of the identities linked to one's account."""
MAX_RETURN_PATH = 500
TEMPORARY_ERRORS = frozenset({"server_error", "temporarily_unavailable"})
"""Errors of an issuer that is temporarily unavailable (RFC 6749, 4.1.2.1)."""


def redirect_uri(settings: Settings) -> str:
    """Return the one redirect URI of our client, from the settings alone, never from a request."""
    return settings.base_url.rstrip("/") + CALLBACK_PATH


# Starting a flow --------------------------------------------------------------------------------


def start_linking(
    db: Session, settings: Settings, keyring: Keyring, provider_id: int, *, actor: Actor, check: PasswordCheck
) -> AuthorizationRedirect:
    """Start linking an identity to one's own account, given the check of the password, as it adds a way to sign in."""
    account = lock_own_account(db, actor)
    accept_present(db, keyring, account, check)
    return start_flow(db, settings, keyring, provider_id, return_to=IDENTITIES_PATH, account_id=account.id)


def start_flow(
    db: Session,
    settings: Settings,
    keyring: Keyring,
    provider_id: int,
    *,
    return_to: str,
    account_id: int | None = None,
) -> AuthorizationRedirect:
    """Start a flow with a provider in one browser; with an account, to link the identity to it.

    Raises ``NotFound`` for a provider that is not in use, ``Unavailable`` when its issuer is down.
    """
    provider = db.exec(_active_provider(provider_id)).first()
    if provider is None or not settings.accepts_issuer(provider.issuer):
        raise NotFound
    with issuer_slot():
        metadata = discover(provider.issuer, loopback=allows_loopback(settings))
    state, browser, nonce, verifier = (secrets.token_urlsafe(48) for _ in range(4))
    allow(db, Right.OIDC)
    _delete_expired_flows(db)
    db.add(
        OidcFlow(
            provider_id=provider_id,
            account_id=account_id,
            state_hash=digest(state),
            browser_hash=digest(browser),
            nonce=nonce,
            verifier_sealed=keyring.encrypt(KeyPurpose.OIDC, verifier, bound=f"flow:{digest(state)}"),
            return_to=return_to if len(return_to) <= MAX_RETURN_PATH else "/",
            created_at=now(),
        )
    )
    db.flush()
    address = prepare_grant_uri(
        metadata["authorization_endpoint"],
        client_id=provider.client_id,
        response_type="code",
        redirect_uri=redirect_uri(settings),
        scope="openid",  # the subject alone, no personal data
        state=state,
        nonce=nonce,
        code_challenge=create_s256_code_challenge(verifier),
        code_challenge_method="S256",
    )
    return AuthorizationRedirect(address=address, browser=browser, label=provider.label)


def _active_provider(provider_id: int) -> SelectOfScalar[OidcProvider]:
    """Return the query for a provider in use."""
    return select(OidcProvider).where(OidcProvider.id == provider_id, col(OidcProvider.ended_at).is_(None))


def _delete_expired_flows(db: Session) -> None:
    """Delete expired flows, a few at a time, without waiting for another transaction that does the same."""
    old = (
        select(OidcFlow.id)
        .where(OidcFlow.created_at < now() - 2 * FLOW_LIFETIME)
        .order_by(col(OidcFlow.id))
        .limit(50)
        .with_for_update(skip_locked=True)
    )
    db.connection().execute(delete(OidcFlow).where(col(OidcFlow.id).in_(old)))


def _account_id_of(db: Session, actor: Actor | None) -> int | None:
    """Return the id of the actor's account, ``None`` without an actor."""
    person_id = actor.person_id if actor is not None else None
    return db.exec(select(Account.id).where(Account.person_id == person_id)).first()


# Finishing a flow -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Flow:
    """A flow being finished; it can no longer be used again."""

    account_id: int | None
    nonce: str
    verifier: str
    return_to: str
    client: Client


def finish_flow(
    db: Session,
    settings: Settings,
    keyring: Keyring,
    callback: Callback,
    *,
    browser: str,
    reader: Actor | None,
    origin: str,
) -> FlowResult:
    """Finish a flow: return the account of the identity, or link the identity to the account.

    Many failed checks slow a network address. Raises :class:`AnswerRefused`, ``Forbidden``,
    ``Conflict("oidc_identity_taken")``, ``Unavailable``.
    """
    with limited_attempt(db, keyring, RateLimitScope.OIDC, of_address(origin), wrong=AnswerRefused):
        try:
            flow = _consume_flow(db, settings, keyring, callback.state, browser)
            if flow.account_id is not None and flow.account_id != _account_id_of(db, reader):
                raise AnswerRefused("reader")
            subject = _verified_subject(flow, callback)
        except AnswerRefused as refusal:
            log.warning("refused: %s", refusal.check)
            raise
    if flow.account_id is None:
        return FlowResult(account_id=_linked_account_id(db, flow, subject), return_to=flow.return_to, linked=False)
    _link(db, flow.account_id, flow.client.issuer, subject)
    return FlowResult(account_id=flow.account_id, return_to=flow.return_to, linked=True)


def _consume_flow(db: Session, settings: Settings, keyring: Keyring, state: str, browser: str) -> _Flow:
    """Use a flow up, whatever follows: in its own browser, within minutes, once even under concurrency."""
    at = now()
    unused_flow = (
        update(OidcFlow)
        .where(
            col(OidcFlow.state_hash) == digest(state),
            col(OidcFlow.browser_hash) == digest(browser),
            col(OidcFlow.used_at).is_(None),
            col(OidcFlow.created_at) > at - FLOW_LIFETIME,
        )
        .values(used_at=at)
        .returning(OidcFlow)
    )
    with separate_transaction(db) as other:
        allow(other, Right.OIDC)
        row = other.connection().execute(unused_flow).mappings().one_or_none()
    if row is None:
        raise AnswerRefused("state")
    provider = db.exec(_active_provider(row["provider_id"])).first()
    if provider is None:
        raise AnswerRefused("provider")
    client = Client(
        issuer=provider.issuer,
        client_id=provider.client_id,
        secret=keyring.decrypt(
            KeyPurpose.OIDC, provider.client_secret_sealed, bound=secret_binding(provider.issuer, provider.client_id)
        ),
        redirect_uri=redirect_uri(settings),
        loopback=allows_loopback(settings),
    )
    verifier = keyring.decrypt(KeyPurpose.OIDC, row["verifier_sealed"], bound=f"flow:{row['state_hash']}")
    return _Flow(row["account_id"], row["nonce"], verifier, row["return_to"], client)


def _verified_subject(flow: _Flow, callback: Callback) -> str:
    """Return the subject of the ID token, every check passed."""
    client = flow.client
    if callback.iss is not None and callback.iss != client.issuer:
        raise AnswerRefused("mix-up")
    if callback.error == "access_denied":
        raise Forbidden("oidc_cancelled")
    if callback.error in TEMPORARY_ERRORS:
        raise unavailable("error")
    if callback.error or not callback.code:
        raise AnswerRefused("error")
    with issuer_slot():
        metadata = discover(client.issuer, loopback=client.loopback)
        claims = fetch_claims(client, metadata, callback.code, flow.verifier)
    fault = token_fault(claims, ExpectedClaims(client.issuer, client.client_id, flow.nonce), now())
    if fault is not None:
        raise AnswerRefused(fault)
    return str(claims["sub"])


def _identity_query(issuer: str, subject: str) -> SelectOfScalar[OidcIdentity]:
    """Return the query for an identity."""
    return select(OidcIdentity).where(OidcIdentity.issuer == issuer, OidcIdentity.subject == subject)


def _linked_account_id(db: Session, flow: _Flow, subject: str) -> int:
    """Return the account that the identity is linked to; nothing else opens an account."""
    allow(db, Right.OIDC)
    linked = _identity_query(flow.client.issuer, subject).join(Account, col(Account.id) == OidcIdentity.account_id)
    identity = db.exec(linked.where(col(Account.suspended_at).is_(None))).first()
    if identity is None:
        raise Forbidden("oidc_unknown", Reason("oidc_link_first"))
    identity.seen_at = now()
    db.add(identity)
    return identity.account_id


# Linked identities ------------------------------------------------------------------------------


def _link(db: Session, account_id: int, issuer: str, subject: str) -> None:
    """Link an identity to an account; linking twice changes nothing, another account's identity is refused."""
    allow(db, Right.OIDC)
    identity = db.exec(_identity_query(issuer, subject)).first()
    if identity is None:
        open_credentials(db, account_id)
        db.add(OidcIdentity(account_id=account_id, issuer=issuer, subject=subject, linked_at=now()))
        db.flush()
    elif identity.account_id != account_id:
        raise Conflict("oidc_identity_taken")


_IDENTITIES = text(
    """
    select i.id, i.issuer, i.linked_at, i.seen_at,
           (select min(p.label) from oidc_provider p where p.issuer = i.issuer and p.ended_at is null) as label
      from oidc_identity i where i.account_id = :account order by i.id
    """
)


def identities(db: Session, actor: Actor) -> tuple[IdentityShown, ...]:
    """Return the identities linked to one's own account, oldest first."""
    rows = db.execute(_IDENTITIES, {"account": own_account(db, actor).id}).mappings()
    return tuple(IdentityShown(**row) for row in rows)


def unlink(db: Session, actor: Actor, identity_id: int) -> None:
    """Unlink an identity from one's own account, which keeps its password; raise ``NotFound``."""
    own_identity = (OidcIdentity.id == identity_id, OidcIdentity.account_id == own_account(db, actor).id)
    identity = db.exec(select(OidcIdentity).where(*own_identity)).first()
    if identity is None:
        raise NotFound
    db.delete(identity)
