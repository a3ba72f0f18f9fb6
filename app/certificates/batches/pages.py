"""Many certificates by one decision, for people: the list to read over, the decision, how far it has come."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BeforeValidator, Field, StringConstraints

from app.certificates.batches import service
from app.certificates.batches.schemas import MOST, BatchChoice, NewBatch
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)

Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]
BATCHES = "/colleges/{college_id}/attestations/lots"
BATCH = "/attestations/lots/{batch_id}"
MaybeId = Annotated[int | None, BeforeValidator(lambda value: value or None)]


@router.get(BATCHES)
def preview(
    *,
    actor: Registrar,
    db: SessionDep,
    request: Request,
    college_id: int,
    cohorte: Annotated[MaybeId, Query()] = None,
    document: Annotated[tuple[CertificateKind, ...], Query()] = tuple(CertificateKind),
) -> Response:
    """Who is ready, each with a box to tick; who is not, and why; and the decisions before this one."""
    college = network.see_college(db, actor, college_id)
    return render(
        request,
        "certificates/batch_new.html",
        college=college,
        found=service.preview(db, actor, college, cohorte, document),
        cohort_id=cohorte,
        kinds=document,
        every_kind=tuple(CertificateKind),
        most=MOST,
        batches=service.batches(db, college),
    )


Box = Annotated[str, StringConstraints(pattern=rf"^[1-9][0-9]{{0,9}}:(?:{'|'.join(CertificateKind)})$")]
"""``12:attestation_participation``: an enrolment and a kind."""


class BatchForm(Command):
    """The boxes that are ticked."""

    item: Annotated[tuple[Box, ...], Field(min_length=1, max_length=MOST)]


@router.post(BATCHES)
def decide(actor: Registrar, db: SessionDep, college_id: int, form: Annotated[BatchForm, Form()]) -> Response:
    """The decision of the person who signs in; then how far it has come."""
    college = network.see_college(db, actor, college_id)
    chosen = (one.split(":") for one in form.item)
    items = tuple(BatchChoice(enrolment_id=int(id_), kind=CertificateKind(kind)) for id_, kind in chosen)
    decided = service.decide(db, actor, college, NewBatch(items=items))
    return redirect_after_post(f"/attestations/lots/{decided.id}")


@router.get(BATCH)
def progress(actor: Registrar, db: SessionDep, request: Request, batch_id: int) -> Response:
    """How far a batch has come; it looks again by itself while there is something left to do."""
    seen = service.see_batch(db, actor, batch_id)
    return render(
        request,
        "certificates/batch.html",
        batch=service.batch_of(db, seen),
        college=network.college(db, seen.college_id),
    )


@router.post(BATCH + "/reprise")
def resume(actor: Registrar, db: SessionDep, batch_id: int) -> Response:
    """Try again what failed."""
    seen = service.see_batch(db, actor, batch_id)
    service.resume(db, seen)
    return redirect_after_post(f"/attestations/lots/{seen.id}")
