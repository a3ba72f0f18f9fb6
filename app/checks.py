"""Every check of the deployment, in the order of ``escouade doctor``: the platform's, and those that know features."""

from collections.abc import Iterable, Iterator

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

from app.certificates.badges.college_keys import key_binding
from app.certificates.badges.models import CollegeKey
from app.curricula.library import DEFAULT_ROOT, check
from app.deployment import deployment, load_keyring, schema_reasons
from app.identity.account.models import AccountSecret
from app.identity.oidc.models import OidcProvider
from app.identity.oidc.providers import secret_binding
from app.identity.second_factor.service import totp_binding
from app.platform.config import unsafe_settings
from app.platform.database.connections import engine_of
from app.platform.database.login_role import role_reasons, role_setting_reasons
from app.platform.database.session import Session
from app.platform.documents.pades import signing_key_problems
from app.platform.errors import Reason, Unavailable
from app.platform.messages.outbox import can_send
from app.platform.messages.smtp import server_problems
from app.platform.observability import checks as platform
from app.platform.observability.checks import Check, CheckContext, Finding, Needs
from app.platform.security.keyring import KeyPurpose, weaknesses
from app.progress.service import mismatches

KEYRING = "ESCOUADE_KEYRING"
SIGNING = "ESCOUADE_SIGNING"
SAMPLE = 3
"""Secrets of each kind that are opened: the oldest ones, sealed under the oldest key."""


def _findings(reasons: Iterable[Reason], command: str | None = None) -> Iterator[Finding]:
    return (Finding(reason, command=command) for reason in reasons)


def _settings(context: CheckContext) -> Iterator[Finding]:
    return _findings(r for r in unsafe_settings(context.settings) if r.field not in {KEYRING, SIGNING})


def _keyring(context: CheckContext) -> Iterator[Finding]:
    """Yield the keyring's weaknesses; outside production a missing one is no problem: it is created when needed."""
    file = context.settings.keyring_file
    missing = not file.exists()
    return _findings([] if missing and context.settings.environment != "production" else weaknesses(file))


def _role(context: CheckContext) -> Iterator[Finding]:
    assert context.addresses is not None  # noqa: S101 - there is a session
    return _findings(role_reasons(context.addresses.url) + role_setting_reasons(context.addresses.url))


def _migrations(context: CheckContext) -> Iterator[Finding]:
    for reason in schema_reasons(context.session.connection()):
        yield Finding(reason, command=None if reason.code == "database_newer" else "escouade migrate")


def _secrets(context: CheckContext) -> Iterator[Finding]:
    """Decrypt some second factors, secrets of sign-in services and keys of colleges; count those that do not open."""
    assert context.addresses is not None  # noqa: S101 - it needs the owner's address
    keyring = load_keyring(context.settings)
    engine = engine_of(context.addresses.owner_url or "")
    closed = 0
    try:
        with Session(bind=engine) as owner:
            for purpose, encrypted, bound in _sealed(owner):
                try:
                    keyring.decrypt(purpose, encrypted, bound=bound)
                except Unavailable:
                    closed += 1
    finally:
        engine.dispose()
    if closed:
        yield Finding(Reason("secrets_closed", {"n": closed}, KEYRING))


def _sealed(owner: Session) -> Iterator[tuple[KeyPurpose, str, str]]:
    """Yield some secrets as they are stored, each with its purpose and what it is bound to."""
    with_factor = select(AccountSecret).where(col(AccountSecret.totp_sealed).is_not(None))
    for account in owner.exec(with_factor.order_by(col(AccountSecret.account_id)).limit(SAMPLE)):
        yield KeyPurpose.TOTP, account.totp_sealed or "", totp_binding(account.account_id)
    for provider in owner.exec(select(OidcProvider).order_by(col(OidcProvider.id)).limit(SAMPLE)):
        yield KeyPurpose.OIDC, provider.client_secret_sealed, secret_binding(provider.issuer, provider.client_id)
    for key in owner.exec(select(CollegeKey).order_by(col(CollegeKey.id)).limit(SAMPLE)):
        yield KeyPurpose.BADGE, key.private_sealed, key_binding(key)


def _mail(context: CheckContext) -> Iterator[Finding]:
    """Yield what keeps letters from leaving, as the mail server says it to whoever opens a session."""
    if not can_send(context.settings):
        yield Finding(Reason("mail_server_missing", field="ESCOUADE_SMTP_URL"))
    if context.settings.smtp_url is not None:
        yield from _findings(server_problems(context.settings.smtp_url))


def _curricula(_: CheckContext) -> Iterator[Finding]:
    return (Finding(Reason("curriculum_problem", {"problem": str(problem)})) for problem in check(DEFAULT_ROOT)[1])


def _engine(_: CheckContext) -> Iterator[Finding]:
    from app.platform.documents.pdf import check_engine  # noqa: PLC0415 - servers never load the PDF engine

    return _findings(check_engine())


def _fonts(_: CheckContext) -> Iterator[Finding]:
    from app.platform.documents.pdf import check_fonts  # noqa: PLC0415

    return _findings(check_fonts())


def _signing(context: CheckContext) -> Iterator[Finding]:
    return _findings(signing_key_problems(context.settings.signing))


def _progress(context: CheckContext) -> Iterator[Finding]:
    try:
        with deployment(context.settings) as database, database.as_owner() as db:
            for enrolment_id in mismatches(db):
                yield Finding(Reason("progress_differs", {"enrolment": enrolment_id}))
    except SQLAlchemyError:
        return


CHECKS = (
    Check("settings", _settings, is_quick=False),
    Check("keyring", _keyring, is_critical=True),
    platform.DATABASE,
    Check("role", _role, Needs.DATABASE, is_critical=True, is_quick=False),
    Check("schema", _migrations, Needs.DATABASE, is_critical=True),
    platform.CLAIMS,
    Check("secrets", _secrets, Needs.OWNER, is_critical=True, is_quick=False),
    platform.STORE,
    platform.DISK,
    Check("mail", _mail, is_quick=False),
    platform.LETTERS,
    platform.BATCHES,
    platform.RECORD,
    platform.JOBS,
    platform.WORKERS,
    Check("curricula", _curricula, is_quick=False),
    Check("pdf", _engine, is_quick=False),
    Check("fonts", _fonts, is_quick=False),
    Check("signing", _signing, is_quick=False),
)
PROGRESS = Check("progress", _progress, Needs.OWNER, is_quick=False)
"""Compares every enrolment: only where it is asked for."""
