"""« Qui a consulté mon dossier »: the page of whoever is signed in."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.access import Actor, P, may
from app.db import SessionDep
from app.people import service_views
from app.people.schemas_views import ViewsQuery
from app.web import render

router = APIRouter(include_in_schema=False)


@router.get("/mon-dossier/consultations")
def my_views(
    actor: Annotated[Actor, may(P.ME_READ)],
    session: SessionDep,
    request: Request,
    avant: Annotated[int | None, Query()] = None,
) -> Response:
    """Who saw the person's file, newest first, a page at a time."""
    found = service_views.views_of(session, actor, ViewsQuery(after=avant))
    return render(request, "people/views.html", views=found, earlier=avant is not None)
