"""The page of what a session leaves: learnings, notes of its consultations, actions taken up and decided."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.codev.actions import service as actions
from app.codev.actions.rules import COMING_BACK
from app.codev.actions.schemas import FollowedState
from app.codev.confidences.places import MemberPlace, own_place, see_own_place
from app.codev.groups.service import see_group
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.codev.writings import service
from app.codev.writings.enums import WritingKind
from app.codev.writings.rules import NOTE_WRITERS, WHOLE_SESSION
from app.codev.writings.schemas import WritingForm
from app.curricula.library import curriculum_of
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

AFTER = "/codev/seances/{session_id}/suites"


@router.get(AFTER, dependencies=[keyed_page()])
def after_page(
    request: Request,
    db: SessionDep,
    keyring: KeyringDep,
    *,
    actor: Annotated[Actor, may(P.CONFIDENCE_READ)],
    meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CONFIDENCE_READ)],
) -> Response:
    """What a session leaves, with the forms of what is one's own to write."""
    group = see_group(db, actor.using(P.CODEV_READ), meeting.group_id)
    place = own_place(db, actor, meeting.id)
    roles = service.roles_of(db, place) if place is not None else {}
    return render(
        request,
        "codev/after.html",
        meeting=meeting,
        group=group,
        activity=curriculum_of(group).placed[meeting.activity_code][1],
        place=place,
        closed=service.closed_reasons(db, meeting),
        writings=service.writings(db, keyring, meeting),
        kinds=WritingKind,
        noted=[WHOLE_SESSION, *sorted(position for position, held in roles.items() if NOTE_WRITERS & held)],
        client_of=sorted(position for position, held in roles.items() if CodevRole.CLIENT in held),
        actions=actions.actions_at(db, keyring, meeting),
        coming_back=COMING_BACK,
        states=tuple(FollowedState),
    )


@router.post(AFTER, dependencies=[form_on(AFTER)])
def write(
    db: SessionDep,
    keyring: KeyringDep,
    *,
    place: Annotated[MemberPlace, seen(see_own_place, P.CONFIDENCE_WRITE)],
    form: Annotated[WritingForm, Form()],
) -> Response:
    """Write a learning or a note."""
    service.write(db, keyring, place, (form.kind, form.position), form.command, version=form.version)
    return redirect_after_post(f"/codev/seances/{place.session_id}/suites")
