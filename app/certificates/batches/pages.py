"""Pages that issue certificates in batches: the preview with its checkboxes, the decision, the progress."""

from typing import Annotated

from fastapi import Form, Query, Request, Response
from pydantic import BeforeValidator, Field, StringConstraints

from app.certificates.batches import service
from app.certificates.batches.schemas import MAX_ITEMS, BatchChoice, BatchRef, NewBatch
from app.certificates.batches.service import see_batch
from app.certificates.issuing.schemas import Situation
from app.network import service as network
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import keyed_page, page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]
IssuingCollege = Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_ISSUE)]
CollegeBatch = Annotated[BatchRef, seen(see_batch, P.CERTIFICATE_ISSUE)]
BATCHES = "/colleges/{college_id}/attestations/lots"
BATCH = "/attestations/lots/{batch_id}"
OptionalId = Annotated[int | None, BeforeValidator(lambda value: value or None)]
"""An id that an empty form field leaves out."""


MOST_PEOPLE = 50
"""The people whose certificates one page offers: their boxes still make a page that opens at once."""

MOST_LEFT_OUT = 25
"""The people of whom the page says why they are left out; the list of candidates has the others."""


@router.get(BATCHES, dependencies=[keyed_page()])
def preview(
    *,
    actor: Registrar,
    college: IssuingCollege,
    db: SessionDep,
    request: Request,
    cohorte: Annotated[OptionalId, Query()] = None,
    document: Annotated[tuple[CertificateKind, ...], Query()] = tuple(CertificateKind),
) -> Response:
    """Show what is ready, with a checkbox each, what is not and why, and the earlier batches.

    Of a whole college the second begins with its first people by name; of a cohort it leaves out who has everything.
    """
    situation = Situation.ALL if cohorte is None else Situation.LATER
    ready = service.preview(db, actor, college, cohorte, document, situation=Situation.READY, limit=MOST_PEOPLE)
    later = service.preview(db, actor, college, cohorte, document, situation=situation, limit=MOST_LEFT_OUT)
    left_out = {(line.enrolment_id, line.kind): line for line in (*ready.left_out, *later.left_out)}
    return render(
        request,
        "certificates/batch_new.html",
        college=college,
        ready=ready,
        left_out=tuple(left_out.values()),
        is_more=later.next is not None,
        cohort_id=cohorte,
        kinds=document,
        every_kind=tuple(CertificateKind),
        most=MOST_PEOPLE,
        batches=service.list_batches(db, college),
    )


CheckedItem = Annotated[str, StringConstraints(pattern=rf"^[1-9][0-9]{{0,9}}:(?:{'|'.join(CertificateKind)})$")]
"""The value of a checkbox, ``12:attestation_participation``: an enrolment and a kind."""


class BatchForm(Command):
    """The checkboxes that are ticked."""

    item: Annotated[tuple[CheckedItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]


@router.post(BATCHES, dependencies=[form_on(BATCHES, creates=True)])
def decide(actor: Registrar, college: IssuingCollege, db: SessionDep, form: Annotated[BatchForm, Form()]) -> Response:
    """Record the decision of the signed-in person, then redirect to the batch's progress."""
    pairs = (value.split(":") for value in form.item)
    items = tuple(BatchChoice(enrolment_id=int(id_), kind=CertificateKind(kind)) for id_, kind in pairs)
    batch = service.decide(db, actor, college, NewBatch(items=items))
    return redirect_after_post(f"/attestations/lots/{batch.id}")


@router.get(BATCH)
def progress(batch: CollegeBatch, db: SessionDep, request: Request) -> Response:
    """Show the progress of a batch; the page refreshes itself until the batch is finished."""
    return render(
        request,
        "certificates/batch.html",
        batch=service.batch_view(db, batch),
        college=network.college(db, batch.college_id),
    )


@router.post(BATCH + "/reprise", dependencies=[form_on(BATCH)])
def resume(batch: CollegeBatch, db: SessionDep) -> Response:
    """Retry what failed, then redirect to the batch's progress."""
    service.resume(db, batch)
    return redirect_after_post(f"/attestations/lots/{batch.id}")
