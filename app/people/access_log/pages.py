"""The page « Qui a consulté mon dossier »."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.people.access_log import service
from app.people.access_log.schemas import ViewsQuery
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/mon-dossier/consultations")
def my_views(
    actor: Annotated[Actor, may(P.ME_READ)],
    db: SessionDep,
    request: Request,
    avant: Annotated[int | None, Query()] = None,
) -> Response:
    """Show who opened the person's file, newest first, one page at a time."""
    views = service.views_of(db, actor, ViewsQuery(after=avant))
    return render(request, "people/views.html", views=views, earlier=avant is not None)
