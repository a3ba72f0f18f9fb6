"""Follow the register of published versions: reread the folder when it changes, and let cohorts choose what is new."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy.exc import SQLAlchemyError

from app.curricula.files.problems import CurriculumError
from app.curricula.library import default_library, reread
from app.curricula.service import register_published
from app.platform.database.transaction import Database
from app.platform.errors import DomainError

SECONDS = 1.0
"""How long it takes at most until a process sees that something was published."""

log = logging.getLogger("escouade.curricula")


@contextmanager
def following(database: Database, *, seconds: float = SECONDS) -> Iterator[None]:
    """Follow the register of published versions while the block runs, in a thread."""
    stopped = Event()
    thread = Thread(target=_follow, args=(database, stopped, seconds), name="curricula", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def _follow(database: Database, stopped: Event, seconds: float) -> None:
    """Look every so often; what could not be registered, as when another process just did, is tried again."""
    waiting = False
    while not stopped.wait(seconds):
        try:
            waiting = reread() or waiting
            if waiting:
                with database.transaction() as db:
                    register_published(db)
                waiting = False
                log.info("curricula reread", extra={"published": len(default_library().published)})
        except (CurriculumError, DomainError, OSError, SQLAlchemyError):
            log.exception("curricula not reread")
