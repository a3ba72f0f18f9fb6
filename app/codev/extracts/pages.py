"""Pages on which a member chooses one of their own writings, and writes an extract of it again without names."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.codev.extracts import service
from app.codev.extracts.schemas import LONGEST_EXTRACT, ExtractCommand, OwnWritingRef
from app.codev.extracts.service import see_own_writing
from app.codev.journal.schemas import JournalRef
from app.codev.journal.service import see_journal
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import KeyringDep, SessionDep
from app.platform.web.forms import Refusal, form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

EXTRACTS = "/codev/groupes/{group_id}/extraits"
EXTRACT = EXTRACTS + "/{writing_kind}/{writing_id}"


@router.get(EXTRACTS)
def choose_page(
    request: Request, db: SessionDep, journal: Annotated[JournalRef, seen(see_journal, P.JOURNAL_KEEP)]
) -> Response:
    """One's own writings in a group, to choose the one of which an extract is made."""
    return render(request, "codev/extracts.html", journal=journal, writings=service.own_writings(db, journal))


@router.get(EXTRACT, dependencies=[keyed_page()])
def extract_page(
    request: Request,
    db: SessionDep,
    keyring: KeyringDep,
    writing: Annotated[OwnWritingRef, seen(see_own_writing, P.JOURNAL_KEEP)],
) -> Response:
    """The text to write again; after a refusal, the marks are those of what was typed."""
    refusal: Refusal | None = getattr(request.state, "refusal", None)
    typed = next(iter(refusal.values("body")), None) if refusal is not None else None
    return render(
        request,
        "codev/extract.html",
        ref=writing,
        writing=service.own_writing(db, keyring, writing, typed=typed),
        activities=service.extract_activities(writing),
        longest=LONGEST_EXTRACT,
    )


@router.post(EXTRACT, dependencies=[form_on(EXTRACT, creates=True)])
def hand_in(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ACTIVITY_DO)],
    writing: Annotated[OwnWritingRef, seen(see_own_writing, P.ACTIVITY_DO)],
    form: Annotated[ExtractCommand, Form()],
) -> Response:
    """Hand the extract in; it stands from then on with the works of its activity."""
    handed, _ = service.hand_in_extract(db, actor, writing, form)
    return redirect_after_post(f"/parcours/{handed.enrolment_id}/activites/{handed.activity_code}#remises")
