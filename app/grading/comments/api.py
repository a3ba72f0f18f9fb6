"""One's own comments to use again as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.grading.comments import service
from app.grading.comments.schemas import (
    NewSavedComment,
    SavedCommentPage,
    SavedCommentRef,
    SavedCommentsApiQuery,
    SavedCommentShown,
)
from app.grading.comments.service import see_saved_comment
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)

Assessor = Annotated[Actor, may(P.JUDGEMENT_MAKE)]


@router.get("/saved-comments", summary="One's own comments to use again")
def read_comments(
    db: SessionDep, actor: Assessor, query: Annotated[SavedCommentsApiQuery, Query()]
) -> SavedCommentPage:
    """Return one's own comments, by title; nobody else reads them. The search looks at titles and texts."""
    return service.comments_after(db, actor, query)


@router.post("/saved-comments", status_code=HTTPStatus.CREATED, summary="Keep a comment to use again")
def keep_comment(db: SessionDep, actor: Assessor, command: NewSavedComment) -> SavedCommentShown:
    """Keep a comment, 200 at most; a text that is kept already is returned as it is, under its own title."""
    return service.keep_comment(db, actor, command)


@router.delete(
    "/saved-comments/{saved_comment_id}", status_code=HTTPStatus.NO_CONTENT, summary="Remove a comment to use again"
)
def remove_comment(
    db: SessionDep, comment: Annotated[SavedCommentRef, seen(see_saved_comment, P.JUDGEMENT_MAKE)]
) -> Response:
    """Remove a comment; no judgement changes."""
    service.remove_comment(db, comment)
    return Response(status_code=HTTPStatus.NO_CONTENT)
