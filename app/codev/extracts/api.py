"""One's own writings in a group, and an extract of one handed in, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.codev.extracts import service
from app.codev.extracts.schemas import ExtractCommand, OwnWriting, OwnWritingRef, OwnWritingShown
from app.codev.extracts.service import see_own_writing
from app.codev.journal.schemas import JournalRef
from app.codev.journal.service import see_journal
from app.learning.hand_ins.schemas import HandInRow
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import ALREADY_RECEIVED, IdempotentRoute, set_creation_status

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)
WRITINGS = "/codev/groups/{group_id}/own-writings"
WRITING = WRITINGS + "/{writing_kind}/{writing_id}"


@router.get(WRITINGS, summary="List what one wrote in a group")
def read_own_writings(
    db: SessionDep, journal: Annotated[JournalRef, seen(see_journal, P.JOURNAL_KEEP)]
) -> list[OwnWriting]:
    """Return one's own sheets, learnings, notes and journal entries of a group, without their texts."""
    return service.own_writings(db, journal)


@router.get(WRITING, summary="Read what one wrote, and what would let someone be recognised in it")
def read_own_writing(
    response: Response,
    db: SessionDep,
    keyring: KeyringDep,
    writing: Annotated[OwnWritingRef, seen(see_own_writing, P.JOURNAL_KEEP)],
) -> OwnWritingShown:
    """Return the text with its marks: people of the group, enterprises accompanied, addresses, telephone numbers."""
    response.headers["Cache-Control"] = "no-store"
    return service.own_writing(db, keyring, writing)


@router.post(
    WRITING + "/extracts",
    status_code=201,
    responses=ALREADY_RECEIVED,
    summary="Hand in an extract of what one wrote",
)
def hand_in_extract(
    response: Response,
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    writing: Annotated[OwnWritingRef, seen(see_own_writing, P.ACTIVITY_DO)],
    command: ExtractCommand,
) -> HandInRow:
    """Hand in an extract as evidence: each mark is removed, or confirmed to let nobody be recognised.

    It is then a hand-in like any other, which trainers read: it is no longer the group's, and the group does not learn
    of it. The same text again answers 200.
    """
    handed, is_new = service.hand_in_extract(db, actor, writing, command)
    set_creation_status(response, is_new=is_new)
    return HandInRow(**handed.model_dump(include=set(HandInRow.model_fields)))
