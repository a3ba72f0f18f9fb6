"""Drafts of judgements as JSON, for the form that saves by itself."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.drafts import service
from app.grading.drafts.schemas import DraftCommand, DraftKey, DraftPlace, DraftShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.preconditions import IfMatch, etag_of

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)

PATH = "/enrolments/{enrolment_id}/judgement-drafts/{competency}"


def place_of(
    enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_MAKE)],
    competency: str,
    key: Annotated[DraftKey, Query()],
) -> DraftPlace:
    """Return what the draft of a request is about."""
    return DraftPlace(enrolment=enrolment, competency=competency, key=key)


Assessor = Annotated[Actor, may(P.JUDGEMENT_MAKE)]
Place = Annotated[DraftPlace, Depends(place_of)]


@router.get(PATH, summary="Read one's own draft of a judgement")
def read_draft(response: Response, db: SessionDep, actor: Assessor, place: Place) -> DraftShown:
    """One's own draft of a judgement; where there is none, an empty one of version 0."""
    draft = service.read_draft(db, actor, place)
    response.headers["ETag"] = etag_of(draft.version)
    return draft


@router.put(PATH, summary="Save one's own draft of a judgement")
def save_draft(  # noqa: PLR0917 - what each dependency gives
    response: Response, db: SessionDep, actor: Assessor, place: Place, version: IfMatch, command: DraftCommand
) -> DraftShown:
    """Save a draft, from the version that ``If-Match`` names, ``"0"`` for a first one.

    When it was changed elsewhere meanwhile, 412 ``draft_stale`` has in its ``params`` what it says now.
    """
    draft = service.save_draft(db, actor, place, command, version=version)
    response.headers["ETag"] = etag_of(draft.version)
    return draft


@router.delete(PATH, status_code=HTTPStatus.NO_CONTENT, summary="Discard one's own draft of a judgement")
def discard_draft(db: SessionDep, actor: Assessor, place: Place, version: IfMatch) -> Response:
    """Discard a draft: nothing of it is kept."""
    service.discard_draft(db, actor, place, version=version)
    return Response(status_code=HTTPStatus.NO_CONTENT)
