"""JSON routes for letters."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.operations.letters import service
from app.operations.letters.schemas import OperatedLetter, OperatedLetters
from app.operations.letters.service import see_letter
from app.platform.messages.schemas import LettersApiQuery
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["operations"])
Letter = Annotated[OperatedLetter, seen(see_letter, P.SERVICE_OPERATE)]


@router.get("/operations/letters", summary="Letters and their delivery")
def read_letters(
    _: Annotated[Actor, may(P.SERVICE_OPERATE)], db: SessionDep, query: Annotated[LettersApiQuery, Query()]
) -> OperatedLetters:
    """Return letters, newest first: where each stands and what to do about it; addresses are masked."""
    return service.letters(db, query)


@router.get("/operations/letters/{letter_id}", summary="A letter")
def read_letter(letter: Letter) -> OperatedLetter:
    """Return where a letter stands, and what to do about it."""
    return letter


@router.post("/operations/letters/{letter_id}/tries", summary="Try a letter now")
def try_now(letter: Letter, db: SessionDep) -> OperatedLetter:
    """Have a letter that waits for its next try tried at once; 409 `letter_settled` for any other."""
    return service.try_now(db, letter)
