"""The page « Mes courriels »."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.network.colleges.rules import zones_offered
from app.notifications.preferences import service
from app.notifications.preferences.schemas import PreferencesForm
from app.notifications.rules import EARLIEST_QUIET, LATEST_QUIET
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/messages/courriels"


@router.get(PATH)
def preferences(
    request: Request, actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, settings: SettingsDep
) -> Response:
    """Show the form of the preferences."""
    shown = service.preferences(db, actor)
    return render(
        request,
        "notifications/preferences.html",
        preferences=shown,
        zones=zones_offered(shown.timezone),
        evening=range(EARLIEST_QUIET, 24),
        morning=range(5, LATEST_QUIET + 1),
        english=settings.english,
    )


@router.post(PATH, dependencies=[form_on(PATH)])
def change(
    actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, form: Annotated[PreferencesForm, Form()]
) -> Response:
    """Change the preferences."""
    service.change(db, actor, service.of_form(form))
    return redirect_after_post("/messages")
