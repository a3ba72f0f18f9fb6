"""The deployment that a command works on: its settings, its keyring, its database opened and migrated."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text

from app.curricula.service import register_published
from app.features import FEATURES
from app.platform.audit.recorder import record
from app.platform.config import Settings, unsafe_settings
from app.platform.database.embedded import embedded_server, install_signal_handlers
from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Database
from app.platform.errors import Invalid, Reason, Unavailable
from app.platform.locations import ROOT
from app.platform.security.keyring import Keyring, create, load
from app.platform.security.separation import refuse_oneself
from app.progress import service as progress

OLDEST_SERVER = 15
"""The oldest major version of PostgreSQL that is supported."""


def open_database(url: str, *, pool_size: int = 10, audited: bool = True) -> Database:
    """Return the database with what runs before each commit: separation of duties, progress, then the audit record.

    ``audited`` is false while the demo network is populated: nobody did what is simulated.
    """
    for feature in FEATURES:
        for source in feature.facts:
            progress.register(source)
    steps = (refuse_oneself, progress.refresh, record) if audited else (progress.refresh,)
    return Database(url, pool_size=pool_size, before_commit=steps, fact_tables=progress.fact_tables())


@contextmanager
def server_url(settings: Settings) -> Iterator[str]:
    """Yield the URL of the database: ``database_url``, or the embedded server's, which runs inside the context."""
    if reasons := unsafe_settings(settings):
        raise Invalid("unsafe_settings", *reasons)
    if settings.database_url is not None:
        yield settings.database_url
    else:
        install_signal_handlers()
        with embedded_server(settings.data_dir / "postgresql") as url:
            yield url


@contextmanager
def deployment(settings: Settings, *, migrate: bool | None = None) -> Iterator[Database]:
    """Yield the open database; the embedded one is migrated first, another must have been migrated by its owner.

    Raise ``Invalid`` when settings or database roles are unsafe in production, ``Unavailable`` when the database is
    not at the newest migration.
    """
    with server_url(settings) as url:
        if settings.database_url is None if migrate is None else migrate:
            upgrade(url)
        elif current(url) != head():
            raise Unavailable("not_migrated")
        if settings.environment == "production" and (reasons := role_reasons(url)):
            raise Invalid("unsafe_settings", *reasons)
        database = open_database(url, pool_size=settings.pool_size)
        try:
            with database.transaction() as db:
                register_published(db)
            yield database
        finally:
            database.dispose()


def load_keyring(settings: Settings) -> Keyring:
    """Return the keyring of this deployment; outside production it is created when missing."""
    if settings.environment != "production" and not settings.keyring_file.exists():
        create(settings.keyring_file)
    return load(settings.keyring_file)


def _config() -> Config:
    return Config(str(ROOT / "alembic.ini"))


def head() -> str | None:
    """Return the newest migration that this version of the application has."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(url: str) -> str | None:
    """Return the migration that the database is at; ``None`` for an empty database."""
    engine = create_engine(url)
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return revision


def upgrade(url: str, revision: str = "head") -> None:
    """Migrate the database to a revision, as the tables' owner."""
    config = _config()
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def role_reasons(url: str) -> list[Reason]:
    """Return why the database is not safe enough for production: its roles, its version; empty when it is."""
    engine = create_engine(url)
    with engine.connect() as connection:
        login_role = connection.execute(
            text("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        ).one()
        app_role = connection.execute(
            text("select rolsuper, rolbypassrls from pg_roles where rolname = :role"), {"role": APP_ROLE}
        ).one_or_none()
        version = connection.execute(text("select current_setting('server_version_num')::int / 10000")).scalar_one()
    engine.dispose()
    reasons = []
    if login_role.rolsuper or login_role.rolbypassrls:
        reasons.append(Reason("database_superuser", field="ESCOUADE_DATABASE_URL"))
    if app_role is None or app_role.rolsuper or app_role.rolbypassrls:
        reasons.append(Reason("application_role", {"role": APP_ROLE}))
    if version < OLDEST_SERVER:
        reasons.append(Reason("server_too_old", {"version": version, "oldest": OLDEST_SERVER}))
    return reasons
