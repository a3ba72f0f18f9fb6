"""What members write after a session, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.codev.confidences.places import MemberPlace, see_own_place
from app.codev.sessions.schemas import TURNS, CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.codev.writings import service
from app.codev.writings.enums import WritingKind
from app.codev.writings.schemas import WritingCommand, WritingShown, WritingWritten
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.preconditions import IfMatch, etag_of

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

OwnPlace = Annotated[MemberPlace, seen(see_own_place, P.CONFIDENCE_WRITE)]


@router.get("/codev/sessions/{session_id}/writings")
def read_writings(
    db: SessionDep,
    keyring: KeyringDep,
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CONFIDENCE_READ)],
) -> list[WritingShown]:
    """What was written of a session, for the members of the group and its facilitator alone."""
    return service.writings(db, keyring, meeting)


@router.put("/codev/sessions/{session_id}/own-learning")
def write_learning(  # noqa: PLR0917 - what each dependency gives
    response: Response, db: SessionDep, keyring: KeyringDep, place: OwnPlace, version: IfMatch, command: WritingCommand
) -> WritingWritten:
    """Write what one learned at a session, or what it becomes; `If-Match: "0"` while there is nothing."""
    written = service.write(db, keyring, place, (WritingKind.LEARNING, 0), command, version=version)
    response.headers["ETag"] = etag_of(written.version)
    return written


@router.put("/codev/sessions/{session_id}/own-notes/{position}")
def write_note(  # noqa: PLR0917 - what each dependency gives
    response: Response,
    db: SessionDep,
    keyring: KeyringDep,
    place: OwnPlace,
    position: Annotated[int, Path(ge=0, le=TURNS)],
    version: IfMatch,
    command: WritingCommand,
) -> WritingWritten:
    """Write a note of a consultation, as its client, observer or note-taker; 0 is the group's note of the session."""
    written = service.write(db, keyring, place, (WritingKind.NOTE, position), command, version=version)
    response.headers["ETag"] = etag_of(written.version)
    return written
