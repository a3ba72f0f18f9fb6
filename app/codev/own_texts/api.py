"""One's own texts in a group, as a file to keep."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.codev.journal.schemas import JournalRef
from app.codev.journal.service import see_journal
from app.codev.own_texts.service import own_texts
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import attachment

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

PLAIN = "text/plain; charset=utf-8"


@router.get(
    "/codev/groups/{group_id}/own-texts",
    response_class=Response,
    responses=download("text/plain", "All that one wrote in the group"),
)
def read_own_texts(
    db: SessionDep, keyring: KeyringDep, journal: Annotated[JournalRef, seen(see_journal, P.JOURNAL_KEEP)]
) -> Response:
    """All that one wrote in a group, to keep before it is destroyed: nobody else's words."""
    headers = {**attachment("codeveloppement.txt"), "Cache-Control": "no-store"}
    return Response(own_texts(db, keyring, journal), media_type=PLAIN, headers=headers)
