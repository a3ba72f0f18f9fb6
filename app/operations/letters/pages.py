"""The page of letters."""

from typing import Annotated

from fastapi import Query, Request, Response

from app.operations.letters import service
from app.operations.letters.schemas import OperatedLetter
from app.operations.letters.service import see_letter
from app.platform.messages.letters import letter_kinds
from app.platform.messages.rules import LetterState
from app.platform.messages.schemas import LettersQuery
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/administration/lettres"


@router.get(PATH)
def letters_page(
    _: Annotated[Actor, may(P.SERVICE_OPERATE)],
    db: SessionDep,
    request: Request,
    query: Annotated[LettersQuery, Query()],
) -> Response:
    """Show the letters with their delivery, and what to do about each."""
    return render(
        request,
        "operations/letters.html",
        letters=ListView(PATH, query, service.list_letters(db, query)),
        states=tuple(LetterState),
        kinds=letter_kinds(db),
    )


@router.post(PATH + "/{letter_id}/essai", dependencies=[form_on(PATH)])
def try_now(letter: Annotated[OperatedLetter, seen(see_letter, P.SERVICE_OPERATE)], db: SessionDep) -> Response:
    """Have a letter tried at once, then show the list again."""
    service.try_now(db, letter)
    return redirect_after_post(PATH)
