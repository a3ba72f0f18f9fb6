"""The deployment that a command works on: its settings, its keyring, its database opened, migrated and checked."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from sqlalchemy import Connection, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError
from sqlmodel import col, select

from app import __version__
from app.attendance.roll_calls import service as roll_calls
from app.certificates.badges.college_keys import key_binding
from app.certificates.badges.models import CollegeKey
from app.certificates.register import service as certificates
from app.codev.confidences.models import GroupKey
from app.codev.confidences.service import key_binding as group_key_binding
from app.cohorts.proposals import service as proposals
from app.curricula.library import check, use_folder
from app.curricula.service import register_published
from app.features import FEATURES
from app.grading.conflicts.service import some_details
from app.grading.panels import service as panels
from app.identity.account.models import AccountSecret
from app.identity.oidc.models import OidcProvider
from app.identity.oidc.providers import secret_binding
from app.identity.second_factor.service import totp_binding
from app.platform.audit.recorder import record
from app.platform.config import Settings, unsafe_settings
from app.platform.database.claims import ClaimKey, claim_key
from app.platform.database.connections import engine_of
from app.platform.database.embedded import embedded_server, install_signal_handlers
from app.platform.database.login_role import login_url, make_login_role, role_reasons, role_setting_reasons
from app.platform.database.rights import put_back, rights_reasons
from app.platform.database.session import Session
from app.platform.database.time_limits import REQUEST, TimeLimits
from app.platform.database.transaction import Addresses, Database
from app.platform.documents.pades import signing_key_problems
from app.platform.errors import Invalid, Reason, Unavailable
from app.platform.locations import ROOT
from app.platform.messages.outbox import can_send
from app.platform.messages.smtp import server_problems
from app.platform.observability import checks as platform
from app.platform.observability import storage
from app.platform.observability.checks import Check, CheckContext, Finding, Needs
from app.platform.security.keyring import KeyPurpose, Keyring, create, load, weaknesses
from app.platform.security.separation import refuse_oneself
from app.progress import service as progress
from app.progress.service import mismatches


def open_database(
    addresses: Addresses,
    *,
    pool_size: int = 10,
    limits: TimeLimits = REQUEST,
    audited: bool = True,
    chosen: Settings | None = None,
) -> Database:
    """Return the database with what runs before each commit: separation of duties, progress, then the audit record.

    ``audited`` is false while the demo network is populated: nobody did what is simulated. ``chosen`` are the settings
    whose pool and time limits it has, as where requests are served.
    """
    for feature in FEATURES:
        for source in feature.facts:
            progress.register(source)
    outcomes = proposals.Outcomes(
        is_eligible=progress.is_eligible,
        is_certified=certificates.is_certified,
        count_recorded=progress.count_recorded,
        count_unfinished=roll_calls.count_unfinished,
        is_under_review=panels.is_under_review,
    )
    proposals.register(outcomes)
    steps = (refuse_oneself, progress.refresh, record) if audited else (progress.refresh,)
    return Database(
        addresses,
        pool_size=pool_size if chosen is None else chosen.pool_size,
        limits=limits if chosen is None else chosen.time_limits,
        admission_seconds=5 if chosen is None else chosen.admission_seconds,
        before_commit=steps,
        fact_tables=progress.fact_tables(),
    )


@contextmanager
def server_addresses(settings: Settings) -> Iterator[Addresses]:
    """Yield the addresses of the database: those of the settings, or the embedded server's, which runs inside.

    They hold no key yet: :func:`deployment` adds the keyring's.
    """
    if reasons := unsafe_settings(settings):
        raise Invalid("unsafe_settings", *reasons)
    if settings.database_url is not None:
        yield Addresses(settings.database_url, settings.database_owner_url, is_pooled=settings.database_pooler)
    else:
        install_signal_handlers()
        with embedded_server(settings.data_dir / "postgresql") as url:
            yield Addresses(login_url(url), url)


@contextmanager
def deployment(settings: Settings, *, migrate: bool | None = None) -> Iterator[Database]:
    """Yield the open database; the embedded one is prepared first, another must have been by ``escouade migrate``.

    Raise ``Invalid`` when settings or database roles are unsafe, ``Unavailable`` when the database is not at the newest
    migration, or does not know the keyring.
    """
    use_folder(settings.curricula_folder)
    with server_addresses(settings) as found:
        keyring = load_keyring(settings)
        addresses = replace(found, claim_key=keyring.derived(KeyPurpose.CLAIMS))
        if settings.database_url is None if migrate is None else migrate:
            prepare(addresses, keyring)
        elif reasons := _schema_reasons_at(addresses.url):
            raise Unavailable(reasons[0].code, **reasons[0].params)
        elif addresses.owner_url is not None:
            install_keys(addresses.owner_url, keyring)
        if reasons := role_reasons(addresses.url):
            raise Invalid("unsafe_settings", *reasons)
        database = open_database(addresses, chosen=settings)
        try:
            with database.transaction() as db:
                register_published(db)
            yield database
        finally:
            database.dispose()


def prepare(addresses: Addresses, keyring: Keyring, revision: str = "head") -> None:
    """Migrate the database, make its login role, give it its rights, let it know the keyring.

    Raise ``Unavailable`` without an owner, when a newer version migrated the database, or for another keyring.
    """
    if addresses.owner_url is None:
        raise Unavailable("owner_address_missing")
    before = current(addresses.owner_url)
    if before is not None and not knows(before):
        raise Unavailable("database_newer", migration=before, version=__version__)
    upgrade(addresses.owner_url, revision)
    make_login_role(addresses.owner_url, addresses.url)
    if current(addresses.owner_url) == head():
        with _transaction(addresses.owner_url) as owner:
            put_back(owner)
    install_keys(addresses.owner_url, keyring)


def install_keys(owner_url: str, keyring: Keyring, *, others_end: bool = False) -> None:
    """Let the database verify the claims that the keyring seals, with each of its keys, and no others if asked.

    Raise ``Unavailable`` when it knows keys and none of these: what is sealed in it would not open.
    """
    rows = [claim_key(keyring.derived(KeyPurpose.CLAIMS, version=version)) for version in keyring.keys]
    with _transaction(owner_url) as owner:
        if owner.execute(text("select to_regclass('claim_key')")).scalar_one() is not None:
            known = set(owner.execute(text("select id from claim_key")).scalars())
            if known and known.isdisjoint(row.id for row in rows):
                raise Unavailable("keyring_of_another")
            if others_end:
                owner.execute(delete(ClaimKey).where(col(ClaimKey.id).not_in([row.id for row in rows])))
            owner.execute(insert(ClaimKey).on_conflict_do_nothing(), [row.model_dump() for row in rows])


def forget_keys(owner_url: str) -> None:
    """Let the database know no key any more: the next keyring is accepted, whatever was sealed before."""
    with _transaction(owner_url) as owner:
        if owner.execute(text("select to_regclass('claim_key')")).scalar_one() is not None:
            owner.execute(delete(ClaimKey))


@contextmanager
def _transaction(url: str) -> Iterator[Connection]:
    """Yield a connection in a transaction, committed at the end; nothing of it is left, whatever happens."""
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def load_keyring(settings: Settings) -> Keyring:
    """Return the keyring of this deployment; outside production it is created when missing."""
    if settings.environment != "production" and not settings.keyring_file.exists():
        create(settings.keyring_file)
    return load(settings.keyring_file)


# Migrations --------------------------------------------------------------------------------------


def revisions() -> list[str]:
    """Return the migrations of this version of the application, oldest first, as their files are named.

    Alembic is loaded only where migrations run: with what it needs to write new ones it takes 9 MB.
    """
    return sorted(file.name.partition("_")[0] for file in (ROOT / "migrations" / "versions").glob("[0-9]*.py"))


def head() -> str:
    """Return the newest migration that this version of the application has."""
    return revisions()[-1]


def current(url: str) -> str | None:
    """Return the migration that the database is at; ``None`` for an empty database."""
    with _transaction(url) as connection:
        return _current_of(connection)


def knows(revision: str) -> bool:
    """Return whether this version of the application has a migration."""
    return revision in revisions()


def pending(url: str) -> list[str]:
    """Return the migrations that the database lacks, oldest first, each with what it does."""
    from alembic.config import Config  # noqa: PLC0415 - not where requests are served
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    scripts = ScriptDirectory.from_config(Config(str(ROOT / "alembic.ini")))
    lacking = scripts.iterate_revisions("head", current(url) or "base")
    return [f"{script.revision} {script.doc}" for script in reversed(list(lacking))]


def _current_of(connection: Connection) -> str | None:
    if connection.execute(text("select to_regclass('alembic_version')")).scalar_one() is None:
        return None
    revision: str | None = connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
    return revision


def schema_reasons(connection: Connection) -> list[Reason]:
    """Return why requests cannot use the database as it is: migrations to run, a newer version's, lost rights."""
    try:
        with connection.begin_nested():
            revision = _current_of(connection)
    except ProgrammingError:  # not even this may be read
        return rights_reasons(connection)
    if revision is not None and not knows(revision):
        return [Reason("database_newer", {"migration": revision, "version": __version__})]
    return [Reason("not_migrated")] if revision != head() else rights_reasons(connection)


def _schema_reasons_at(url: str) -> list[Reason]:
    with _transaction(url) as connection:
        reasons = schema_reasons(connection)
    return [reason for reason in reasons if reason.code != "rights_added"]


def upgrade(url: str, revision: str = "head", *, lock_timeout: str = "10s") -> None:
    """Migrate the database to a revision, as the tables' owner; a lock that is held for longer fails it, undone."""
    from alembic import command  # noqa: PLC0415 - not where requests are served
    from alembic.config import Config  # noqa: PLC0415

    config = Config(str(ROOT / "alembic.ini"))
    engine = engine_of(url)
    try:
        with engine.begin() as connection:
            config.attributes.update(connection=connection, lock_timeout=lock_timeout)
            command.upgrade(config, revision)
    finally:
        engine.dispose()


# Checks, in the order of ``escouade doctor``: the platform's, and those that know features ----------

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
    for detail, binding in some_details(owner, SAMPLE):
        yield KeyPurpose.INTEREST, detail, binding
    kept = select(GroupKey).where(col(GroupKey.key_sealed).is_not(None)).order_by(col(GroupKey.id)).limit(SAMPLE)
    for of_group in owner.exec(kept):
        yield KeyPurpose.CODEV, of_group.key_sealed or "", group_key_binding(of_group.group_id)


def _mail(context: CheckContext) -> Iterator[Finding]:
    """Yield what keeps letters from leaving, as the mail server says it; in a closed network none leave."""
    if not can_send(context.settings) and not context.settings.prints_links:
        yield Finding(Reason("mail_server_missing", field="ESCOUADE_SMTP_URL"))
    if context.settings.smtp_url is not None:
        yield from _findings(server_problems(context.settings.smtp_url))


def _curricula(context: CheckContext) -> Iterator[Finding]:
    return _findings(
        Reason("curriculum_problem", {"problem": str(p)}) for p in check(context.settings.curricula_folder)[1]
    )


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
    platform.OWNER,
    Check("role", _role, Needs.DATABASE, is_critical=True, is_quick=False),
    Check("schema", _migrations, Needs.DATABASE, is_critical=True),
    platform.CLAIMS,
    Check("secrets", _secrets, Needs.OWNER, is_critical=True, is_quick=False, after=("keyring", "owner", "schema")),
    storage.STORE,
    storage.BUCKET,
    storage.DISK,
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
PROGRESS = Check("progress", _progress, Needs.OWNER, is_quick=False, after=("owner", "schema", "claims"))
"""Compares every enrolment: only where it is asked for."""
