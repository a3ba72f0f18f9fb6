"""The form by which a member confirms the record of a session, on the page of the session."""

from typing import Annotated

from fastapi import Form, Response

from app.codev.confirmations import service
from app.codev.confirmations.schemas import ConfirmCommand
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()


@router.post("/codev/seances/{session_id}/confirmation", dependencies=[form_on("/codev/seances/{session_id}")])
def confirm(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_TAKE_PART)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_TAKE_PART)],
    form: Annotated[ConfirmCommand, Form()],
) -> Response:
    """Confirm the record, or say that it is wrong."""
    service.confirm(db, actor, meeting, form)
    return redirect_after_post(f"/codev/seances/{meeting.id}")
