"""The page of a session's questionnaire: the form of a member, then the results for the group."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.codev.confidences.places import MemberPlace, own_place, see_own_place
from app.codev.groups.service import see_group
from app.codev.ratings import service
from app.codev.ratings.enums import RatingQuestion
from app.codev.ratings.rules import ANSWERED_BEFORE, MIN_ANSWERS, SCALE
from app.codev.ratings.schemas import RatingCommand
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.curricula.library import curriculum_of
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

PAGE = "/codev/seances/{session_id}/questionnaire"


@router.get(PAGE)
def questionnaire_page(
    request: Request,
    db: SessionDep,
    keyring: KeyringDep,
    *,
    actor: Annotated[Actor, may(P.CONFIDENCE_READ)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CONFIDENCE_READ)],
) -> Response:
    """The questionnaire of a session: the form while it is open, its results once it is closed."""
    group = see_group(db, actor.using(P.CODEV_READ), meeting.group_id)
    place = own_place(db, actor, meeting.id)
    return render(
        request,
        "codev/questionnaire.html",
        meeting=meeting,
        group=group,
        activity=curriculum_of(group).placed[meeting.activity_code][1],
        own=service.own_questionnaire(db, place) if place else None,
        results=service.results(db, keyring, meeting),
        before=meeting.activity_code in ANSWERED_BEFORE,
        questions=tuple(RatingQuestion),
        scale=SCALE,
        least=MIN_ANSWERS,
    )


@router.post(PAGE, dependencies=[form_on(PAGE, digested=False)])
def answer(
    db: SessionDep,
    keyring: KeyringDep,
    *,
    place: Annotated[MemberPlace, seen(see_own_place, P.CONFIDENCE_WRITE)],
    form: Annotated[RatingCommand, Form()],
) -> Response:
    """Answer the questionnaire."""
    service.answer(db, keyring, place, form)
    return redirect_after_post(f"/codev/seances/{place.session_id}/questionnaire")
