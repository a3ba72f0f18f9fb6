"""Progress as JSON."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response, status

from app.cohorts.service import see_cohort
from app.platform.messages.i18n import language, today
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute
from app.progress.board import service as board
from app.progress.board.schemas import BoardQuery, BoardRow
from app.progress.path import service as path
from app.progress.schemas import PathSummary, Progress, StoredProgress

router = APIRouter(tags=["progress"], route_class=OnceRoute)


def etag_of(stored: StoredProgress) -> str:
    """Names the row's version, the local date and the language that the answer was built for."""
    return f'"{stored.version}-{today(stored.timezone).isoformat()}-{language.get()}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether a reader already holds this answer (RFC 9110: weak comparison, ``*`` is any)."""
    asked = {tag.strip().removeprefix("W/") for tag in (if_none_match or "").split(",")}
    return etag in asked or "*" in asked


@router.get(
    "/enrolments/{enrolment_id}/progress",
    summary="What an enrolment's facts amount to, and what is left",
    response_model=Progress,
    responses={304: {"description": "Not changed since the ETag that was sent"}},
)
def read_progress(
    actor: Annotated[Actor, may(P.PROGRESS_READ)],
    db: SessionDep,
    enrolment_id: int,
    if_none_match: Annotated[str | None, Header()] = None,
) -> Response:
    """The stored value as it is: no parsing between the database and the reader."""
    stored = path.stored_progress(db, actor, enrolment_id)
    etag = etag_of(stored)
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": "Accept-Language, Authorization, Cookie"}
    if matches(if_none_match, etag):
        return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
    return Response(stored.body, headers=headers, media_type="application/json")


@router.get("/me/progress", summary="One's own enrolments with their figures")
def read_my_progress(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> list[PathSummary]:
    """Newest cohort first, whatever became of the enrolment."""
    return path.paths_of(db, actor.person_id)


@router.get("/cohorts/{cohort_id}/board", summary="Where everyone of a cohort is")
def read_board(
    actor: Annotated[Actor, may(P.PROGRESS_READ)],
    db: SessionDep,
    cohort_id: int,
    query: Annotated[BoardQuery, Query()],
) -> list[BoardRow]:
    """Everyone with a seat, or everyone in one state; ``tri`` puts first who needs attention."""
    return board.board(db, see_cohort(db, actor, cohort_id), query)
