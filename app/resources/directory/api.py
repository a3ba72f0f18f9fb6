"""The directory of resources as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.preconditions import IfMatch, etag_of
from app.resources.directory import service
from app.resources.directory.schemas import (
    KeptResource,
    ResourceContent,
    ResourceHistoryPage,
    ResourcePage,
    ResourcesApiQuery,
    ResourceShown,
)
from app.resources.directory.service import see_kept_resource, see_resource

router = APIRouter(tags=["resources"], route_class=IdempotentRoute)
Reader = Annotated[Actor, may(P.RESOURCE_READ)]
Keeper = Annotated[Actor, may(P.RESOURCE_MANAGE)]
Kept = Annotated[KeptResource, seen(see_kept_resource, P.RESOURCE_MANAGE)]


@router.get("/resources", summary="Search the directory of resources")
def resources(actor: Reader, db: SessionDep, query: Annotated[ResourcesApiQuery, Query()]) -> ResourcePage:
    """Return the entries in use that answer a sentence, the best answers first; all of them, by name, without one.

    A sentence as one hears it in an enterprise lets hear needs (words of the lexicon, in `needs_heard`), which count
    more than the words of an entry. What serves all of Quebec answers for each region.
    """
    return service.resources(db, actor, query)


@router.get("/resources/{resource_id}", summary="An entry of the directory")
def resource(
    response: Response, resource: Annotated[ResourceShown, seen(see_resource, P.RESOURCE_READ)]
) -> ResourceShown:
    """Return an entry, in use or not, whichever college keeps it up; its `ETag` is what a change names."""
    return _with_etag(response, resource)


def _with_etag(response: Response, resource: ResourceShown) -> ResourceShown:
    response.headers["ETag"] = etag_of(resource.version)
    return resource


@router.get("/resources/{resource_id}/history", summary="What was done to an entry")
def history(resource: Kept, db: SessionDep, after: After = None, limit: Limit = PAGE) -> ResourceHistoryPage:
    """Return what was done to an entry that one's college keeps up, by whom, latest first."""
    return service.history(db, resource, after=after, limit=limit)


@router.post("/colleges/{college_id}/resources", status_code=HTTPStatus.CREATED, summary="Add an entry")
def add_resource(
    actor: Keeper,
    db: SessionDep,
    college: Annotated[CollegeShown, seen(see_college, P.RESOURCE_MANAGE)],
    command: ResourceContent,
) -> ResourceShown:
    """Add an entry that the college will keep up, verified today. A programme gives its six conditions."""
    return service.add_resource(db, actor, college, command)


@router.put("/resources/{resource_id}", summary="Change an entry")
def change_resource(
    *,
    response: Response,
    actor: Keeper,
    resource: Kept,
    db: SessionDep,
    version: IfMatch,
    command: ResourceContent,
) -> ResourceShown:
    """Change what an entry says, from the version that `If-Match` names. It is no more verified than before.

    Its former words stay in its history. 412 `stale` when something was done to it meanwhile.
    """
    return _with_etag(response, service.change_resource(db, actor, resource, command, version=version))


@router.post("/resources/{resource_id}/verification", summary="Verify an entry")
def verify_resource(
    response: Response, actor: Keeper, resource: Kept, db: SessionDep, version: IfMatch
) -> ResourceShown:
    """Record that all that the entry says, in the version that `If-Match` names, was verified today."""
    return _with_etag(response, service.verify_resource(db, actor, resource, version=version))


@router.post("/resources/{resource_id}/retirement", summary="Take an entry out of use")
def retire_resource(actor: Keeper, resource: Kept, db: SessionDep) -> ResourceShown:
    """Take an entry out of use: no search finds it any more; `return` takes it back."""
    return service.retire_resource(db, actor, resource)


@router.post("/resources/{resource_id}/return", summary="Take an entry back into use")
def return_resource(actor: Keeper, resource: Kept, db: SessionDep) -> ResourceShown:
    """Take an entry back into use, with the day of its last verification."""
    return service.return_resource(db, actor, resource)
