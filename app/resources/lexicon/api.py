"""The lexicon as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.resources.lexicon import service
from app.resources.lexicon.schemas import LexiconQuery, LexiconShown, TermShown

router = APIRouter(tags=["resources"])
Reader = Annotated[Actor, may(P.RESOURCE_READ)]


@router.get("/lexicon", summary="The words of the network")
def lexicon(_: Reader, query: Annotated[LexiconQuery, Query()]) -> LexiconShown:
    """Return the words of the newest version, in alphabetical order, each with one meaning and its false friend.

    A search ignores accents and case, and looks into the word in French and English, its meaning, and the words by
    which a need is heard; the words whose own name answers come first.
    """
    return service.lexicon(query)


@router.get("/lexicon/{term}", summary="A word")
def term(_: Reader, term: str) -> TermShown:
    """Return a word by its stable name."""
    return service.see_term(term)
