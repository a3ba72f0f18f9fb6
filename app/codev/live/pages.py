"""The screen of a session as it happens: the facilitator's on a tablet, the members' on their telephones."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Form, Request, Response
from fastapi.responses import StreamingResponse

from app.codev.groups.service import see_group
from app.codev.live import service
from app.codev.live.enums import LiveAction, LivePhase
from app.codev.live.rules import SWAP_REASONS
from app.codev.live.schemas import LiveForm
from app.codev.records.enums import TurnReason
from app.codev.sessions import service as sessions
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.cohorts.enums import CohortState
from app.curricula.library import curriculum_of
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, database_of
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render
from app.platform.web.streams import followers_of

router = page_router()
PATH = "/codev/seances/{session_id}/direct"


@router.get(PATH)
def live_page(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_TAKE_PART)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_TAKE_PART)],
) -> Response:
    """Show the session as it happens; its facilitator has the buttons, members follow."""
    group = see_group(db, actor, meeting.group_id)
    is_open = group.cohort_state is not CohortState.ARCHIVED
    return render(
        request,
        "codev/live.html",
        meeting=meeting,
        group=group,
        activity=curriculum_of(group).placed[meeting.activity_code][1],
        live=service.live(db, meeting),
        leads=is_open and bool(sessions.allowed_actions(db, actor, meeting, P.CODEV_RECORD)),
        A=LiveAction,
        swap_reasons=SWAP_REASONS,
        turn_reasons=tuple(TurnReason),
    )


@router.post(PATH, dependencies=[form_on(PATH)])
def act(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_RECORD)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_RECORD)],
    form: Annotated[LiveForm, Form()],
) -> Response:
    """Do something in the session, from the version that its sender saw."""
    service.act(db, actor, meeting, form.command, form.version)
    return redirect_after_post(PATH.format(session_id=meeting.id))


@router.get(PATH + "/flux")
def follow(
    request: Request,
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_TAKE_PART)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_TAKE_PART)],
) -> Response:
    """Follow a session by server-sent events, its transaction ended before; 204 while nothing happens in it."""
    shown = service.live(db, meeting)
    if not shown.version or shown.phase not in {LivePhase.WAITING, LivePhase.UNDERWAY}:
        return Response(status_code=HTTPStatus.NO_CONTENT)
    followers = followers_of(database_of(request), service.followed_versions)
    events = followers.stream(meeting.id, meeting.college_id, actor.person_id, shown.version)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)
