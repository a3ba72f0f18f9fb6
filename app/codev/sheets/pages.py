"""Pages of preparation sheets: the form of one's own, and a sheet as the group reads it."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.codev.confidences.places import MemberPlace, see_own_place
from app.codev.groups.service import see_group
from app.codev.sheets import service
from app.codev.sheets.enums import TopicKind
from app.codev.sheets.schemas import SheetForm, SheetRef
from app.codev.sheets.service import see_sheet
from app.curricula.library import curriculum_of
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

OWN = "/codev/seances/{session_id}/fiche"
OwnPlace = Annotated[MemberPlace, seen(see_own_place, P.CONFIDENCE_WRITE)]


@router.get(OWN)
def own_sheet_page(
    request: Request,
    db: SessionDep,
    keyring: KeyringDep,
    *,
    actor: Annotated[Actor, may(P.CONFIDENCE_WRITE)],
    place: OwnPlace,
) -> Response:
    """The form of one's own sheet, begun from the one before; once the session has begun, what it says."""
    group = see_group(db, actor.using(P.CODEV_READ), place.group_id)
    shown = service.own_sheet(db, keyring, place)
    return render(
        request,
        "codev/own_sheet.html",
        place=place,
        group=group,
        activity=curriculum_of(group).placed[place.activity_code][1],
        sheet=shown,
        begun_from=shown.content or shown.earlier,
        closed=service.closed_reasons(db, place),
        topics=tuple(TopicKind),
    )


@router.post(OWN, dependencies=[form_on(OWN)])
def write_own_sheet(
    db: SessionDep, keyring: KeyringDep, *, place: OwnPlace, form: Annotated[SheetForm, Form()]
) -> Response:
    """Write one's own sheet."""
    service.write_sheet(db, keyring, place, form.command, version=form.version)
    return redirect_after_post(f"/codev/seances/{place.session_id}#fiches")


@router.get("/codev/fiches/{sheet_id}")
def sheet_page(
    request: Request,
    db: SessionDep,
    keyring: KeyringDep,
    *,
    actor: Annotated[Actor, may(P.CONFIDENCE_READ)],
    sheet: Annotated[SheetRef, seen(see_sheet, P.CONFIDENCE_READ)],
) -> Response:
    """A member's sheet."""
    group = see_group(db, actor.using(P.CODEV_READ), sheet.group_id)
    return render(request, "codev/sheet.html", sheet=service.sheet(db, keyring, sheet), group=group)
