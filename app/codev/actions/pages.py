"""Forms of action items, on the page of what a session leaves."""

from typing import Annotated

from fastapi import Form, Response

from app.codev.actions import service
from app.codev.actions.schemas import ActionRef, FollowUpForm, NewAction
from app.codev.actions.service import see_action
from app.codev.confidences.places import MemberPlace, see_own_place
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()

AFTER = "/codev/seances/{session_id}/suites"


@router.post("/codev/seances/{session_id}/actions", dependencies=[form_on(AFTER, creates=True)])
def add_action(
    db: SessionDep,
    keyring: KeyringDep,
    *,
    place: Annotated[MemberPlace, seen(see_own_place, P.CONFIDENCE_WRITE)],
    form: Annotated[NewAction, Form()],
) -> Response:
    """Add an action."""
    service.add_action(db, keyring, place, form)
    return redirect_after_post(f"/codev/seances/{place.session_id}/suites")


@router.post("/codev/actions/{action_id}", dependencies=[form_on(AFTER)])
def follow_up(
    db: SessionDep,
    keyring: KeyringDep,
    *,
    action: Annotated[ActionRef, seen(see_action, P.CONFIDENCE_WRITE)],
    form: Annotated[FollowUpForm, Form()],
) -> Response:
    """Say what became of an action."""
    service.follow_up(db, keyring, action, form.command, version=form.version)
    return redirect_after_post(f"/codev/seances/{form.session_id}/suites")
