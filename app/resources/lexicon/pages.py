"""Pages of the lexicon: the list of its words, and each word."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from app.curricula.enums import TermDomain
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.lists import ListView
from app.platform.web.pages import render
from app.resources.lexicon import service
from app.resources.lexicon.schemas import TermsQuery

router = APIRouter(include_in_schema=False)
Reader = Annotated[Actor, may(P.RESOURCE_READ)]


@router.get("/lexique")
def terms(_: Reader, request: Request, query: Annotated[TermsQuery, Query()]) -> Response:
    """Show the words with their meaning."""
    view = ListView("/lexique", query, service.list_terms(query))
    return render(request, "resources/lexicon.html", terms=view, domains=tuple(TermDomain))


@router.get("/lexique/{term}")
def term(_: Reader, request: Request, term: str) -> Response:
    """Show a word, its false friend, and the words to read with it."""
    return render(request, "resources/term.html", term=service.see_term(term))
