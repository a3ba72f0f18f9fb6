"""Pages of one's own comments to use again: the list, the form that keeps one, the button that removes one."""

from typing import Annotated

from fastapi import Form, Query, Request, Response

from app.grading.comments import service
from app.grading.comments.schemas import NewSavedComment, SavedCommentRef, SavedCommentsQuery
from app.grading.comments.service import see_saved_comment
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()

COMMENTS = "/jugements/commentaires"


@router.get(COMMENTS, dependencies=[keyed_page()])
def comments_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)],
    query: Annotated[SavedCommentsQuery, Query()],
) -> Response:
    """One's own comments, by title; nobody else reads them."""
    comments = ListView(COMMENTS, query, service.list_comments(db, actor, query))
    return render(request, "grading/comments.html", comments=comments)


@router.post(COMMENTS, dependencies=[form_on(COMMENTS, creates=True)])
def keep_comment(
    db: SessionDep, actor: Annotated[Actor, may(P.JUDGEMENT_MAKE)], form: Annotated[NewSavedComment, Form()]
) -> Response:
    """Keep a comment."""
    service.keep_comment(db, actor, form)
    return redirect_after_post(COMMENTS)


@router.post("/jugements/commentaires/{saved_comment_id}/retrait", dependencies=[form_on(COMMENTS)])
def remove_comment(
    db: SessionDep, comment: Annotated[SavedCommentRef, seen(see_saved_comment, P.JUDGEMENT_MAKE)]
) -> Response:
    """Remove a comment."""
    service.remove_comment(db, comment)
    return redirect_after_post(COMMENTS)
