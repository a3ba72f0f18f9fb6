"""The page « Messages »."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.notifications import service
from app.notifications.enums import Kind, Reading
from app.notifications.schemas import NotificationsQuery
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import local_path, redirect_after_post, render

router = page_router()
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]
PATH = "/messages"


@router.get(PATH)
def messages(
    request: Request,
    actor: Annotated[Actor, may(P.ME_READ)],
    db: SessionDep,
    query: Annotated[NotificationsQuery, Query()],
) -> Response:
    """Show one's messages, newest first."""
    page = service.list_notifications(db, actor, query)
    return render(
        request,
        "notifications/messages.html",
        messages=ListView(PATH, query, page),
        kinds=tuple(Kind),
        readings=tuple(Reading),
    )


@router.post(PATH + "/lus", dependencies=[form_on(PATH)])
def mark_all_read(actor: MayManageSelf, db: SessionDep) -> Response:
    """Mark every message as read."""
    service.mark_all_read(db, actor)
    return redirect_after_post(PATH)


@router.post(PATH + "/{notification_id}/lu", dependencies=[form_on(PATH)])
def mark_read(actor: MayManageSelf, db: SessionDep, notification_id: int) -> Response:
    """Mark a message as read, and go to the page that it is about."""
    return redirect_after_post(local_path(service.mark_read(db, actor, notification_id).page))
