"""Turns passed and swapped before a session, as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.codev.handovers import service
from app.codev.handovers.schemas import HandoversShown, SwapAnswer, SwapCommand, SwapRef
from app.codev.handovers.service import see_swap
from app.codev.handovers.shown import handovers
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

Member = Annotated[Actor, may(P.CODEV_TAKE_PART)]
Meeting = Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_TAKE_PART)]
Swap = Annotated[SwapRef, seen(see_swap, P.CODEV_TAKE_PART)]


@router.get("/codev/sessions/{session_id}/handovers", summary="Turns passed and swapped in a session")
def read_handovers(db: SessionDep, actor: Member, meeting: Meeting) -> HandoversShown:
    """Turns passed, swaps proposed and their answers, and whom the reader may ask to take theirs."""
    return handovers(db, actor, meeting)


@router.post("/codev/sessions/{session_id}/passes", status_code=HTTPStatus.CREATED, summary="Pass one's turn")
def pass_turn(db: SessionDep, actor: Member, meeting: Meeting) -> HandoversShown:
    """Pass one's turn as client in a session to come; the reserve, or the next who is willing, takes it."""
    service.pass_turn(db, actor, meeting)
    return handovers(db, actor, meeting)


@router.post("/codev/sessions/{session_id}/swaps", status_code=HTTPStatus.CREATED, summary="Propose to swap one's turn")
def propose_swap(db: SessionDep, actor: Member, meeting: Meeting, command: SwapCommand) -> HandoversShown:
    """Ask a member to take one's turn, in exchange for theirs in `exchange_session_id` or for none."""
    service.propose_swap(db, actor, meeting, command)
    return handovers(db, actor, meeting)


@router.post("/codev/swaps/{swap_id}/answer", status_code=HTTPStatus.NO_CONTENT, summary="Accept or decline a swap")
def answer_swap(db: SessionDep, actor: Member, swap: Swap, command: SwapAnswer) -> None:
    """Accept or decline a swap as whoever is asked; 409 `swap_over` with its reasons when it can no longer be."""
    service.answer_swap(db, actor, swap, command)


@router.post("/codev/swaps/{swap_id}/withdrawal", status_code=HTTPStatus.NO_CONTENT, summary="Take a swap back")
def withdraw_swap(db: SessionDep, actor: Member, swap: Swap) -> None:
    """Take a swap back before its answer, as whoever proposed it."""
    service.withdraw_swap(db, actor, swap)
