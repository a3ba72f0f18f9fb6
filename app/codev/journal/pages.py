"""Pages of one's own journal: its entries with the form of a new one, and an entry."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.codev.journal import service
from app.codev.journal.schemas import JournalEntryRef, JournalForm, JournalRef, NewJournalEntry
from app.codev.journal.service import see_entry, see_journal
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

JOURNAL = "/codev/groupes/{group_id}/journal"
ENTRY = "/codev/journal/{entry_id}"
OwnJournal = Annotated[JournalRef, seen(see_journal, P.JOURNAL_KEEP)]
OwnEntry = Annotated[JournalEntryRef, seen(see_entry, P.JOURNAL_KEEP)]


@router.get(JOURNAL, dependencies=[keyed_page()])
def journal_page(request: Request, db: SessionDep, keyring: KeyringDep, journal: OwnJournal) -> Response:
    """One's own journal in a group."""
    return render(
        request,
        "codev/journal.html",
        journal=journal,
        entries=service.entries(db, keyring, journal),
        sessions=service.sessions_begun(db, journal),
    )


@router.post(JOURNAL, dependencies=[form_on(JOURNAL, creates=True)])
def add_entry(
    db: SessionDep, keyring: KeyringDep, journal: OwnJournal, form: Annotated[NewJournalEntry, Form()]
) -> Response:
    """Write an entry."""
    service.add_entry(db, keyring, journal, form)
    return redirect_after_post(f"/codev/groupes/{journal.group_id}/journal")


@router.get(ENTRY)
def entry_page(
    request: Request,
    db: SessionDep,
    keyring: KeyringDep,
    *,
    actor: Annotated[Actor, may(P.JOURNAL_KEEP)],
    entry: OwnEntry,
) -> Response:
    """An entry, with the form that changes it and the one that destroys it."""
    journal = see_journal(db, actor, entry.group_id)
    return render(request, "codev/entry.html", journal=journal, entry=service.entry(db, keyring, entry))


@router.post(ENTRY, dependencies=[form_on(ENTRY)])
def change_entry(
    db: SessionDep, keyring: KeyringDep, entry: OwnEntry, form: Annotated[JournalForm, Form()]
) -> Response:
    """Write what an entry becomes."""
    service.change_entry(db, keyring, entry, form.command, version=form.version)
    return redirect_after_post(f"/codev/groupes/{entry.group_id}/journal")


@router.post(ENTRY + "/destruction", dependencies=[form_on(ENTRY)])
def destroy_entry(db: SessionDep, entry: OwnEntry) -> Response:
    """Destroy an entry."""
    service.destroy_entry(db, entry)
    return redirect_after_post(f"/codev/groupes/{entry.group_id}/journal")
