"""Ratings of a session, as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.codev.confidences.places import MemberPlace, see_own_place
from app.codev.ratings import service
from app.codev.ratings.schemas import RatingCommand, RatingFigures, RatingResults, RatingWritten
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep

router = APIRouter(tags=["codev"])


@router.get("/codev/sessions/{session_id}/ratings", summary="How many members answered a questionnaire")
def read_figures(
    db: SessionDep, meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_READ)]
) -> RatingFigures:
    """How many members answered the questionnaire of a session; never who, nor what."""
    return service.figures(db, meeting)


@router.get("/codev/sessions/{session_id}/ratings/results", summary="Results of a questionnaire")
def read_results(
    db: SessionDep,
    keyring: KeyringDep,
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CONFIDENCE_READ)],
) -> RatingResults:
    """What the group answered, for the group and its facilitator: once closed, and from three answers on."""
    return service.results(db, keyring, meeting)


@router.put("/codev/sessions/{session_id}/own-rating", summary="Answer a questionnaire")
def answer(
    db: SessionDep,
    keyring: KeyringDep,
    place: Annotated[MemberPlace, seen(see_own_place, P.CONFIDENCE_WRITE)],
    command: RatingCommand,
) -> RatingWritten:
    """Answer the questionnaire of a session, once: an answer is added to the others and cannot be told apart again."""
    return service.answer(db, keyring, place, command)
