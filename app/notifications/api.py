"""JSON routes of one's own messages."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.notifications import service
from app.notifications.schemas import MarkedRead, NotificationPage, NotificationsApiQuery, NotificationShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["notifications"])
MayManageSelf = Annotated[Actor, may(P.ME_MANAGE)]


@router.get("/me/notifications", summary="One's messages")
def my_notifications(
    actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, query: Annotated[NotificationsApiQuery, Query()]
) -> NotificationPage:
    """Return one's own messages, newest first, and how many are not read yet."""
    return service.notifications_of(db, actor, query)


@router.post("/me/notifications/read", summary="Mark all messages as read")
def mark_all_read(actor: MayManageSelf, db: SessionDep) -> MarkedRead:
    """Mark every message as read; sent again, there is none left to mark."""
    return service.mark_all_read(db, actor)


@router.post("/me/notifications/{notification_id}/read", summary="Mark a message as read")
def mark_read(actor: MayManageSelf, db: SessionDep, notification_id: int) -> NotificationShown:
    """Mark one of one's messages as read; it keeps the moment of the first time."""
    return service.mark_read(db, actor, notification_id)
