"""Many certificates by one decision, for people: the list to read over, the decision, how far it has come."""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response
from pydantic import BeforeValidator, Field, StringConstraints

from app.access import Actor, P, may
from app.certificates import service_batches
from app.certificates.schemas_batches import MOST, BatchChoice, NewBatch
from app.curricula.schema import CertificateKind
from app.db import SessionDep
from app.network import service as network
from app.web import Command, render, see_other

router = APIRouter(include_in_schema=False)

Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]
BATCHES = "/colleges/{college_id}/attestations/lots"
BATCH = "/attestations/lots/{batch_id}"
MaybeId = Annotated[int | None, BeforeValidator(lambda value: value or None)]


@router.get(BATCHES)
def preview(
    *,
    actor: Registrar,
    session: SessionDep,
    request: Request,
    college_id: int,
    cohorte: Annotated[MaybeId, Query()] = None,
    document: Annotated[tuple[CertificateKind, ...], Query()] = tuple(CertificateKind),
) -> Response:
    """Who is ready, each with a box to tick; who is not, and why; and the decisions before this one."""
    college = network.see_college(session, actor, college_id)
    return render(
        request,
        "certificates/batch_new.html",
        college=college,
        found=service_batches.preview(session, actor, college, cohorte, document),
        cohort_id=cohorte,
        kinds=document,
        every_kind=tuple(CertificateKind),
        most=MOST,
        batches=service_batches.batches(session, college),
    )


Box = Annotated[str, StringConstraints(pattern=rf"^[1-9][0-9]{{0,9}}:(?:{'|'.join(CertificateKind)})$")]
"""``12:attestation_participation``: an enrolment and a kind."""


class BatchForm(Command):
    """The boxes that are ticked."""

    item: Annotated[tuple[Box, ...], Field(min_length=1, max_length=MOST)]


@router.post(BATCHES)
def decide(actor: Registrar, session: SessionDep, college_id: int, form: Annotated[BatchForm, Form()]) -> Response:
    """The decision of the person who signs in; then how far it has come."""
    college = network.see_college(session, actor, college_id)
    chosen = (one.split(":") for one in form.item)
    items = tuple(BatchChoice(enrolment_id=int(id_), kind=CertificateKind(kind)) for id_, kind in chosen)
    decided = service_batches.decide(session, actor, college, NewBatch(items=items))
    return see_other(f"/attestations/lots/{decided.id}")


@router.get(BATCH)
def progress(actor: Registrar, session: SessionDep, request: Request, batch_id: int) -> Response:
    """How far a batch has come; it looks again by itself while there is something left to do."""
    seen = service_batches.see_batch(session, actor, batch_id)
    return render(
        request,
        "certificates/batch.html",
        batch=service_batches.batch_of(session, seen),
        college=network.college(session, seen.college_id),
    )


@router.post(BATCH + "/reprise")
def resume(actor: Registrar, session: SessionDep, batch_id: int) -> Response:
    """Try again what failed."""
    seen = service_batches.see_batch(session, actor, batch_id)
    service_batches.resume(session, seen)
    return see_other(f"/attestations/lots/{seen.id}")
