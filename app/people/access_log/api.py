"""The JSON route that lists who opened one's own file."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.people.access_log import service
from app.people.access_log.schemas import ViewsPage, ViewsQuery
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["people"])


@router.get("/me/views", summary="Who opened one's own file")
def my_views(
    actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, query: Annotated[ViewsQuery, Query()]
) -> ViewsPage:
    """Return each time that another person opened or exported part of the person's file, newest first."""
    return service.views_of(db, actor, query)
