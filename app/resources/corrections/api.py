"""Corrections of the directory as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter

from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.resources.corrections import service
from app.resources.corrections.schemas import (
    CorrectionPage,
    CorrectionShown,
    ListedCorrection,
    NewCorrection,
    RefuseCorrection,
)
from app.resources.corrections.service import see_correction
from app.resources.directory.schemas import ResourceShown
from app.resources.directory.service import see_resource

router = APIRouter(tags=["resources"], route_class=IdempotentRoute)
Author = Annotated[Actor, may(P.RESOURCE_PROPOSE)]
Keeper = Annotated[Actor, may(P.RESOURCE_MANAGE)]
Proposed = Annotated[ResourceShown, seen(see_resource, P.RESOURCE_PROPOSE)]
Decided = Annotated[ListedCorrection, seen(see_correction, P.RESOURCE_MANAGE)]


@router.post(
    "/resources/{resource_id}/corrections", status_code=HTTPStatus.CREATED, summary="Propose a correction to an entry"
)
def propose(actor: Author, resource: Proposed, db: SessionDep, command: NewCorrection) -> CorrectionShown:
    """Propose what a field of an entry should say, or that the entry is a duplicate or serves nobody any more.

    The college that keeps the entry up decides, and its author is told.
    """
    return service.propose(db, actor, resource, command)


@router.get("/resources/{resource_id}/corrections", summary="One's own corrections to an entry")
def own_corrections(actor: Author, resource: Proposed, db: SessionDep) -> list[CorrectionShown]:
    """Return what one proposed to an entry, latest first, with what became of it and why."""
    return service.own_corrections(db, actor, resource)


@router.get("/resource-corrections", summary="Corrections to decide on")
def corrections(actor: Keeper, db: SessionDep, after: After = None, limit: Limit = PAGE) -> CorrectionPage:
    """Return the corrections to the entries that one's colleges keep up, the oldest first."""
    return service.corrections(db, actor, after=after, limit=limit)


@router.post("/resource-corrections/{correction_id}/acceptance", summary="Make a correction")
def accept(actor: Keeper, correction: Decided, db: SessionDep) -> CorrectionShown:
    """Make a correction: the field says what was proposed, or the entry goes out of use."""
    return service.accept(db, actor, correction)


@router.post("/resource-corrections/{correction_id}/refusal", summary="Refuse a correction")
def refuse(actor: Keeper, correction: Decided, db: SessionDep, command: RefuseCorrection) -> CorrectionShown:
    """Refuse a correction, with a reason that its author reads."""
    return service.refuse(db, actor, correction, command)
