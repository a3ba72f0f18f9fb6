"""Runs migrations as the owner of the tables, on the connection given or on the deployment's database."""

from alembic import context
from sqlalchemy import Connection, create_engine

from app.features import METADATA
from app.platform.config import settings


def run(connection: Connection) -> None:
    """All or nothing: one transaction, and no waiting behind a long lock."""
    context.configure(connection=connection, target_metadata=METADATA, compare_type=True, include_object=ours)
    with context.begin_transaction():
        context.execute(f"set local lock_timeout = '{context.config.attributes.get('lock_timeout', '10s')}'")
        context.run_migrations()


def ours(_object: object, _name: str | None, type_: str, _reflected: bool, _to: object) -> bool:
    """CHECK constraints are compared by name only, as PostgreSQL rewrites their text."""
    return type_ != "check_constraint"


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = context.config.attributes.get("url") or settings().database_owner_url
    if url is None:
        raise SystemExit("ESCOUADE_DATABASE_OWNER_URL is not set")
    engine = create_engine(url)
    with engine.connect() as connection:
        run(connection)
    engine.dispose()
