"""JSON routes of one's own preferences."""

from typing import Annotated

from fastapi import APIRouter

from app.notifications.preferences import service
from app.notifications.preferences.schemas import ChangePreferences, PreferencesShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["notifications"])


@router.get("/me/mail-preferences", summary="How one gets e-mails")
def preferences(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> PreferencesShown:
    """Return when the e-mail of each kind of message is sent, and what may be chosen instead."""
    return service.preferences(db, actor)


@router.put("/me/mail-preferences", summary="Change how one gets e-mails")
def change(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, command: ChangePreferences) -> PreferencesShown:
    """Change when e-mails are sent; 422 for a choice that a kind does not have: it must be known."""
    return service.change(db, actor, command)
