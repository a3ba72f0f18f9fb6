"""The page on which a trainer shares documents of an activity with the cohort."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.curricula.library import curriculum_of
from app.learning.documents import service
from app.learning.documents.api import DocumentForm
from app.learning.documents.rules import takes_documents
from app.learning.documents.schemas import LONGEST_TEXT, LONGEST_TITLE, DocumentShown, WithdrawCommand
from app.learning.documents.service import see_document
from app.learning.hand_ins.rules import ACCEPTED
from app.platform.errors import NotFound
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/cohortes/{cohort_id}/activites/{code}/documents"


def documents_path(cohort_id: int, code: str) -> str:
    """Return the path of the page."""
    return PATH.format(cohort_id=cohort_id, code=code)


@router.get(PATH, dependencies=[keyed_page()])
def show_documents(
    request: Request,
    db: SessionDep,
    settings: SettingsDep,
    cohort: Annotated[CohortRef, seen(see_cohort, P.DOCUMENT_SHARE)],
    code: str,
) -> HTMLResponse:
    """The documents of an activity, the forms that share, replace and withdraw them, and their history."""
    activity = curriculum_of(cohort).placed.get(code)
    if activity is None or not takes_documents(activity[1]):
        raise NotFound
    versions = service.history(db, cohort, code)
    return render(
        request,
        "learning/documents.html",
        cohort=cohort,
        activity=activity[1],
        documents=[document for document in versions if document.in_force],
        versions=versions,
        accept=",".join(f".{kind}" for kind in ACCEPTED),
        megabytes=settings.upload_megabytes,
        longest={"title": LONGEST_TITLE, "body": LONGEST_TEXT},
    )


@router.post(PATH, dependencies=[form_on(PATH, creates=True)])
def share_document(
    *,
    db: SessionDep,
    settings: SettingsDep,
    files: FilesDep,
    actor: Annotated[Actor, may(P.DOCUMENT_SHARE)],
    cohort: Annotated[CohortRef, seen(see_cohort, P.DOCUMENT_SHARE)],
    code: str,
    form: Annotated[DocumentForm, Form(media_type="multipart/form-data")],
) -> RedirectResponse:
    """Share a document, or replace one."""
    file = form.shared_file(db, actor, cohort, files=files, megabytes=settings.upload_megabytes)
    service.share(db, actor, cohort, code, form.command, file=file)
    return redirect_after_post(documents_path(cohort.id, code))


@router.post("/documents/{document_id}/retrait", dependencies=[form_on(PATH)])
def withdraw_document(
    db: SessionDep,
    actor: Annotated[Actor, may(P.DOCUMENT_SHARE)],
    document: Annotated[DocumentShown, seen(see_document, P.DOCUMENT_SHARE)],
    form: Annotated[WithdrawCommand, Form()],
) -> RedirectResponse:
    """Withdraw a document."""
    service.withdraw(db, actor, document, form)
    return redirect_after_post(documents_path(document.cohort_id, document.activity_code))
