"""Preparation sheets, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Response

from app.codev.confidences.places import MemberPlace, see_own_place
from app.codev.sessions.schemas import CodevSessionRef
from app.codev.sessions.service import see_codev_session
from app.codev.sheets import service
from app.codev.sheets.schemas import OwnSheet, SheetCommand, SheetFact, SheetRef, SheetShown
from app.codev.sheets.service import see_sheet
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.preconditions import IfMatch, etag_of

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

OwnPlace = Annotated[MemberPlace, seen(see_own_place, P.CONFIDENCE_WRITE)]


@router.get("/codev/sessions/{session_id}/sheets")
def list_sheets(
    db: SessionDep, meeting: Annotated[CodevSessionRef, seen(see_codev_session, P.CODEV_READ)]
) -> list[SheetFact]:
    """Who of the group has sent a preparation sheet, and when; never what it says."""
    return service.sheet_facts(db, meeting)


@router.get("/codev/sheets/{sheet_id}")
def read_sheet(
    db: SessionDep, keyring: KeyringDep, sheet: Annotated[SheetRef, seen(see_sheet, P.CONFIDENCE_READ)]
) -> SheetShown:
    """A member's sheet, for the members of the group and its facilitator alone."""
    return service.sheet(db, keyring, sheet)


@router.get("/codev/sessions/{session_id}/own-sheet")
def read_own_sheet(response: Response, db: SessionDep, keyring: KeyringDep, place: OwnPlace) -> OwnSheet:
    """One's own sheet for a session; its `ETag` is what a change of it names, also while there is none."""
    shown = service.own_sheet(db, keyring, place)
    response.headers["ETag"] = etag_of(shown.version)
    return shown


@router.put("/codev/sessions/{session_id}/own-sheet")
def write_own_sheet(  # noqa: PLR0917 - what each dependency gives
    response: Response, db: SessionDep, keyring: KeyringDep, place: OwnPlace, version: IfMatch, command: SheetCommand
) -> OwnSheet:
    """Write one's own sheet, or what it becomes, until the session begins; the eve is the last day in time."""
    shown = service.write_sheet(db, keyring, place, command, version=version)
    response.headers["ETag"] = etag_of(shown.version)
    return shown
