"""The JSON route of the search across the whole application."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.overview.search import service
from app.overview.search.schemas import SearchQuery, SearchResults
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["network"])


@router.get("/search", summary="Search everything one may see")
def search(
    actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, query: Annotated[SearchQuery, Query()]
) -> SearchResults:
    """Return people, cohorts, activities and enterprises by their words, and certificates by number or code.

    Each within the caller's reach, and at most ``limit`` of a kind: ``more`` names those whose own lists have more.
    """
    return service.search(db, actor, query.search, query.limit)
