"""The forms on a group's page about who is announced to enter it."""

from typing import Annotated

from fastapi import Form, Response

from app.codev.entrances import service
from app.codev.entrances.schemas import ConcernCommand, EntranceRef
from app.codev.entrances.service import see_entrance
from app.codev.groups.schemas import GroupRef
from app.codev.groups.service import see_group
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post

router = page_router()
GROUP = "/codev/groupes/{group_id}"
PATH = GROUP + "/entrees/{entrance_id}"


@router.post(PATH + "/avis", dependencies=[form_on(GROUP)])
def say_concern(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_TAKE_PART)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_TAKE_PART)],
    entrance: Annotated[EntranceRef, seen(see_entrance, P.CODEV_TAKE_PART)],
    form: Annotated[ConcernCommand, Form()],
) -> Response:
    """Say to the facilitator alone whether the entrance concerns the reader."""
    service.say_concern(db, actor, entrance, form)
    return redirect_after_post(GROUP.format(group_id=group.id))


@router.post(PATH + "/retrait", dependencies=[form_on(GROUP)])
def withdraw(
    db: SessionDep,
    actor: Annotated[Actor, may(P.CODEV_MANAGE)],
    group: Annotated[GroupRef, seen(see_group, P.CODEV_MANAGE)],
    entrance: Annotated[EntranceRef, seen(see_entrance, P.CODEV_MANAGE)],
) -> Response:
    """Take an announced entrance back."""
    service.withdraw(db, actor, entrance)
    return redirect_after_post(GROUP.format(group_id=group.id))
