"""Pages of the search: a few results of each kind, and the whole lists that no other page has."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.overview.search import reach, rules, service
from app.overview.search.people import list_people
from app.overview.search.schemas import CAP, FoundActivitiesQuery, FoundPeopleQuery, TypedSearch
from app.platform.search import search_words
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.lists import ListView
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)


@router.get("/recherche")
def search(
    request: Request, actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, query: Annotated[TypedSearch, Query()]
) -> Response:
    """Show the first results of each kind, each with its page."""
    words = search_words(query.recherche)
    return render(
        request,
        "search/results.html",
        typed=query.recherche,
        is_one_letter=bool(words) and all(len(word) == 1 for word in words),
        results=service.search(db, actor, query.recherche, CAP),
        reach=reach,
        rules=rules,
    )


@router.get("/recherche/personnes")
def people(
    request: Request,
    actor: Annotated[Actor, may(P.ME_READ)],
    db: SessionDep,
    query: Annotated[FoundPeopleQuery, Query()],
) -> Response:
    """List everyone whose name is searched for."""
    view = ListView("/recherche/personnes", query, list_people(db, actor, query))
    return render(request, "search/people.html", people=view, reach=reach)


@router.get("/recherche/activites")
def activities(
    request: Request,
    actor: Annotated[Actor, may(P.ME_READ)],
    db: SessionDep,
    query: Annotated[FoundActivitiesQuery, Query()],
) -> Response:
    """List every activity that is searched for."""
    view = ListView("/recherche/activites", query, service.list_activities(db, actor, query))
    return render(request, "search/activities.html", activities=view, rules=rules)
