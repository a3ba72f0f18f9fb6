"""The download of one's own texts in a group."""

from typing import Annotated

from fastapi import Response

from app.codev.journal.schemas import JournalRef
from app.codev.journal.service import see_journal
from app.codev.own_texts.api import read_own_texts
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms.one_time import page_router

router = page_router()


@router.get("/codev/groupes/{group_id}/mes-textes")
def download(
    db: SessionDep, keyring: KeyringDep, journal: Annotated[JournalRef, seen(see_journal, P.JOURNAL_KEEP)]
) -> Response:
    """All that one wrote in a group, as a file."""
    return read_own_texts(db, keyring, journal)
