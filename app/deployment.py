"""The deployment that a command works on: its settings, its database brought up to date."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.exc import ArgumentError, OperationalError

from app.curricula.service import register_published
from app.features import FEATURES
from app.platform.audit.recorder import record
from app.platform.config import Settings, unsafe
from app.platform.database.embedded import embedded_server, install_signal_handlers
from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Database
from app.platform.errors import Invalid, Reason, Unavailable
from app.platform.locations import ROOT
from app.platform.messages.i18n import t
from app.platform.security.keyring import Keyring, load, make
from app.progress import service as progress


def open_database(url: str, *, pool_size: int = 10, recorded: bool = True) -> Database:
    """Return the database with what runs at its commit boundary: progress, then the audit record.

    ``recorded`` is false while the demo network is populated: those acts have no author to hold to account.
    """
    for feature in FEATURES:
        for source in feature.facts:
            progress.register(source)
    steps = (progress.refresh, record) if recorded else (progress.refresh,)
    return Database(url, pool_size=pool_size, before_commit=steps, fact_tables=progress.fact_tables())


@contextmanager
def server_url(settings: Settings) -> Iterator[str]:
    """The address of the database: the one given, or the embedded server's for as long as it is used."""
    if reasons := unsafe(settings):
        raise Invalid("unsafe_settings", *reasons)
    if settings.database_url is not None:
        yield settings.database_url
    else:
        install_signal_handlers()
        with embedded_server(settings.data_dir / "postgresql") as url:
            yield url


@contextmanager
def deployment(settings: Settings, *, migrate: bool | None = None) -> Iterator[Database]:
    """The database, opened. The embedded one migrates itself; another must have been migrated by its owner."""
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
    """The keys of this deployment; made at the first need, but in production: those are brought on purpose."""
    if settings.environment != "production" and not settings.keyring_file.exists():
        make(settings.keyring_file)
    return load(settings.keyring_file)


def unreachable(error: OperationalError | ArgumentError) -> str:
    """The database is away or its address is wrong: what the driver says, without SQLAlchemy's statement."""
    cause = error.orig if isinstance(error, OperationalError) else error
    return t("cli.unreachable", detail=str(cause).strip().split("\n", 1)[0])


def _config() -> Config:
    return Config(str(ROOT / "alembic.ini"))


def head() -> str | None:
    """The newest migration that this version has."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current(url: str) -> str | None:
    """The migration that the database is at; ``None`` for an empty one."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return found


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the tables up, as their owner."""
    config = _config()
    engine = create_engine(url)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def role_reasons(url: str) -> list[Reason]:
    """Why the database's roles are not safe enough for production."""
    engine = create_engine(url)
    with engine.connect() as connection:
        mine = connection.execute(
            text("select rolsuper, rolbypassrls from pg_roles where rolname = current_user")
        ).one()
        theirs = connection.execute(
            text("select rolsuper, rolbypassrls from pg_roles where rolname = :role"), {"role": APP_ROLE}
        ).one_or_none()
        version = connection.execute(text("select current_setting('server_version_num')::int / 10000")).scalar_one()
    engine.dispose()
    found = []
    if mine.rolsuper or mine.rolbypassrls:
        found.append(Reason("database_superuser", field="ESCOUADE_DATABASE_URL"))
    if theirs is None or theirs.rolsuper or theirs.rolbypassrls:
        found.append(Reason("application_role", {"role": APP_ROLE}))
    if version < OLDEST_SERVER:
        found.append(Reason("server_too_old", {"version": version, "oldest": OLDEST_SERVER}))
    return found


OLDEST_SERVER = 15
