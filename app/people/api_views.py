"""Who looked at one's file, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.access import Actor, P, may
from app.db import SessionDep
from app.people import service_views
from app.people.schemas_views import ViewsPage, ViewsQuery

router = APIRouter(tags=["people"])


@router.get("/me/views", summary="Who saw one's own file")
def my_views(
    actor: Annotated[Actor, may(P.ME_READ)], session: SessionDep, query: Annotated[ViewsQuery, Query()]
) -> ViewsPage:
    """Each time someone else opened or exported something of the person's file, newest first."""
    return service_views.views_of(session, actor, query)
