"""The forms on a session's page by which members pass and swap their turns."""

from typing import Annotated

from fastapi import Form, Response

from app.codev.handovers import service
from app.codev.handovers.schemas import SwapAnswer, SwapForm, SwapRef
from app.codev.handovers.service import see_swap
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
SESSION = "/codev/seances/{session_id}"
SWAP = SESSION + "/echanges/{swap_id}"
Member = Annotated[Actor, may(P.CODEV_TAKE_PART)]
Meeting = Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_TAKE_PART)]
Swap = Annotated[SwapRef, seen(see_swap, P.CODEV_TAKE_PART)]


@router.post(SESSION + "/passe", dependencies=[form_on(SESSION)])
def pass_turn(db: SessionDep, actor: Member, meeting: Meeting) -> Response:
    """Pass one's turn."""
    service.pass_turn(db, actor, meeting)
    return redirect_after_post(SESSION.format(session_id=meeting.id))


@router.post(SESSION + "/echanges", dependencies=[form_on(SESSION)])
def propose_swap(db: SessionDep, actor: Member, meeting: Meeting, form: Annotated[SwapForm, Form()]) -> Response:
    """Propose a swap of one's turn."""
    service.propose_swap(db, actor, meeting, form.command)
    return redirect_after_post(SESSION.format(session_id=meeting.id))


@router.post(SWAP + "/reponse", dependencies=[form_on(SESSION)])
def answer_swap(
    db: SessionDep, actor: Member, meeting: Meeting, swap: Swap, form: Annotated[SwapAnswer, Form()]
) -> Response:
    """Accept or decline a swap."""
    service.answer_swap(db, actor, swap, form)
    return redirect_after_post(SESSION.format(session_id=meeting.id))


@router.post(SWAP + "/retrait", dependencies=[form_on(SESSION)])
def withdraw_swap(db: SessionDep, actor: Member, meeting: Meeting, swap: Swap) -> Response:
    """Take a swap back."""
    service.withdraw_swap(db, actor, swap)
    return redirect_after_post(SESSION.format(session_id=meeting.id))
