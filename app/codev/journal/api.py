"""One's own journal, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Response

from app.codev.journal import service
from app.codev.journal.schemas import (
    JournalCommand,
    JournalEntryRef,
    JournalEntryShown,
    JournalEntryWritten,
    JournalRef,
    NewJournalEntry,
)
from app.codev.journal.service import see_entry, see_journal
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.preconditions import IfMatch, etag_of

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

OwnJournal = Annotated[JournalRef, seen(see_journal, P.JOURNAL_KEEP)]
OwnEntry = Annotated[JournalEntryRef, seen(see_entry, P.JOURNAL_KEEP)]


@router.get("/codev/groups/{group_id}/journal")
def read_journal(db: SessionDep, keyring: KeyringDep, journal: OwnJournal) -> list[JournalEntryShown]:
    """One's own journal in a group, newest first; nobody else reads it."""
    return service.entries(db, keyring, journal)


@router.post("/codev/groups/{group_id}/journal", status_code=HTTPStatus.CREATED)
def add_entry(
    db: SessionDep, keyring: KeyringDep, journal: OwnJournal, command: NewJournalEntry
) -> JournalEntryWritten:
    """Write an entry; the answer does not repeat its text."""
    return JournalEntryWritten.model_validate(service.add_entry(db, keyring, journal, command))


@router.get("/codev/journal/{entry_id}")
def read_entry(response: Response, db: SessionDep, keyring: KeyringDep, entry: OwnEntry) -> JournalEntryShown:
    """An entry of one's own journal."""
    response.headers["ETag"] = etag_of(entry.version)
    return service.entry(db, keyring, entry)


@router.put("/codev/journal/{entry_id}")
def change_entry(  # noqa: PLR0917 - what each dependency gives
    response: Response, db: SessionDep, keyring: KeyringDep, entry: OwnEntry, version: IfMatch, command: JournalCommand
) -> JournalEntryShown:
    """Write what an entry becomes."""
    changed = service.change_entry(db, keyring, entry, command, version=version)
    response.headers["ETag"] = etag_of(changed.version)
    return service.entry(db, keyring, changed)


@router.delete("/codev/journal/{entry_id}", status_code=HTTPStatus.NO_CONTENT)
def destroy_entry(db: SessionDep, entry: OwnEntry) -> Response:
    """Destroy an entry: nothing of it is kept."""
    service.destroy_entry(db, entry)
    return Response(status_code=HTTPStatus.NO_CONTENT)
