"""The page « Qui a consulté mon dossier »."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.people.access_log import service
from app.people.access_log.schemas import ViewListQuery
from app.platform.audit.enums import Part
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.lists import ListView
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/mon-dossier/consultations")
def my_views(
    actor: Annotated[Actor, may(P.ME_READ)],
    db: SessionDep,
    request: Request,
    query: Annotated[ViewListQuery, Query()],
) -> Response:
    """Show who opened the person's file, newest first, one page at a time."""
    views = ListView("/mon-dossier/consultations", query, service.list_views(db, actor, query))
    return render(request, "people/views.html", views=views, parts=tuple(Part))
