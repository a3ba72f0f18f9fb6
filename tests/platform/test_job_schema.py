"""The tables of the queue are those of the library's version that is installed, and requests reach none of them."""

import re
from importlib import resources, util
from types import ModuleType

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.platform.database.session import APP_ROLE
from app.platform.database.transaction import Database
from app.platform.locations import ROOT

LAST_SEEN = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
REACHED = {"enqueue", "kinds", "last_runs", "workers", "failures", "retry"}
"""The functions of the schema that requests may call."""


def revision() -> ModuleType:
    """Return the migration that makes the queue."""
    spec = util.spec_from_file_location("job_queue", ROOT / "migrations" / "versions" / "0021_job_queue.py")
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_library_ships_no_schema_that_no_migration_has() -> None:
    """A new version of the library that changes its tables needs a revision of ours, from its own migrations."""
    shipped = (resources.files("procrastinate.sql") / "schema.sql").read_text(encoding="utf-8")
    assert shipped[shipped.index("-- Enums") :] == revision().LIBRARY.lstrip()
    names = sorted(path.name for path in (resources.files("procrastinate.sql") / "migrations").iterdir())
    assert [name for name in names if re.match(r"\d", name)][
        -1
    ] == "03.04.00_50_post_add_retry_failed_job_procedure.sql"


@pytest.mark.parametrize(
    "statement",
    [
        "select from queue.procrastinate_jobs",
        "delete from queue.procrastinate_jobs",
        "insert into queue.procrastinate_jobs (queue_name, task_name) values ('letters', 'letter')",
        "select from queue.procrastinate_workers",
        "select from queue.worker",
        "select from queue.failure",
        "select queue.procrastinate_register_worker_v1()",
        "select queue.procrastinate_cancel_job_v1(1, true, true)",
    ],
)
def test_application_role_neither_reads_nor_changes_jobs(database: Database, statement: str) -> None:
    with database.transaction() as db, pytest.raises(ProgrammingError, match="permission denied"):
        db.execute(text(statement))


def test_application_role_calls_the_functions_made_for_it_and_no_other(database: Database) -> None:
    statement = text(
        "select proname from pg_proc where pronamespace = 'queue'::regnamespace"
        " and has_function_privilege(:role, oid, 'execute')"
    )
    with database.engine.connect() as owner:
        assert set(owner.execute(statement, {"role": APP_ROLE}).scalars()) == REACHED
