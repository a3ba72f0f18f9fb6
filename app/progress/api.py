"""JSON endpoints of progress: an enrolment, one's own enrolments, the board of a cohort."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response, status

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.platform.messages.i18n import language, today
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.progress.board.schemas import BoardQuery, BoardRow
from app.progress.board.service import board
from app.progress.path.service import paths_of, see_stored_progress
from app.progress.schemas import PathSummary, Progress, StoredProgress

router = APIRouter(tags=["progress"], route_class=IdempotentRoute)


def etag_of(stored: StoredProgress) -> str:
    """Return the ETag of an answer: the row's version, the local date and the language."""
    return f'"{stored.version}-{today(stored.timezone).isoformat()}-{language.get()}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Return whether ``If-None-Match`` names this answer (RFC 9110: weak comparison, ``*`` is any)."""
    etags = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return etag in etags or "*" in etags


@router.get(
    "/enrolments/{enrolment_id}/progress",
    summary="The progress of an enrolment: what is done, what is left and why",
    response_model=Progress,
    responses={304: {"description": "Not changed since the ETag that was sent"}},
)
def read_progress(
    stored: Annotated[StoredProgress, seen(see_stored_progress, P.PROGRESS_READ)],
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """Return the stored JSON as it is, without parsing it; 304 when the reader already holds it."""
    etag = etag_of(stored)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Language, Authorization, Cookie"}
    if matches(if_none_match, etag):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(stored.body, headers=headers, media_type="application/json")


@router.get("/me/progress", summary="One's own enrolments with their figures")
def read_my_progress(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> list[PathSummary]:
    """List one's own enrolments in whatever state, newest cohort first."""
    return paths_of(db, actor.person_id)


@router.get("/cohorts/{cohort_id}/board", summary="The progress of everyone in a cohort")
def read_board(
    db: SessionDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.PROGRESS_READ)],
    query: Annotated[BoardQuery, Query()],
) -> list[BoardRow]:
    """List everyone who has a seat, or everyone in one state; ``tri`` is the order."""
    return board(db, cohort, query)
