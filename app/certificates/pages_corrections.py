"""Replacing and revoking certificates, on pages; and what the holder says of a revocation."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.access import Actor, P, may
from app.certificates import service_corrections, service_revocations
from app.certificates.schemas_corrections import DecideRevocation, Heard, OpenRevocation, Reissue
from app.certificates.service_documents import Workshop
from app.certificates.service_register import certificate, see_certificate
from app.config import Settings
from app.db import SessionDep
from app.web import render, see_other

router = APIRouter(include_in_schema=False)
Correcting = Annotated[Actor, may(P.CERTIFICATE_CORRECT)]
Answering = Annotated[Actor, may(P.CERTIFICATE_ANSWER)]
HERE = "/attestations/{certificate_id}/registre"


@router.get(HERE)
def register_page(actor: Correcting, session: SessionDep, request: Request, certificate_id: int) -> Response:
    """What became of a certificate, and the forms to replace or revoke it."""
    seen = see_certificate(session, actor, certificate_id)
    return render(
        request,
        "certificates/register.html",
        certificate=certificate(session, seen),
        seen=seen,
        history=service_corrections.history(session, seen),
    )


@router.post("/attestations/{certificate_id}/remplacement")
def reissue(
    actor: Correcting,
    session: SessionDep,
    request: Request,
    certificate_id: int,
    command: Annotated[Reissue, Form()],
) -> Response:
    """The new document takes the place of the one before."""
    shop = Workshop.of(request.app.state.settings, request.app.state.keyring)
    seen = see_certificate(session, actor, certificate_id)
    fresh = service_corrections.reissue(session, actor, seen, command, shop)
    return see_other(f"/attestations/{fresh.id}")


@router.post("/attestations/{certificate_id}/revocations")
def open_revocation(
    actor: Correcting,
    session: SessionDep,
    request: Request,
    certificate_id: int,
    command: Annotated[OpenRevocation, Form()],
) -> Response:
    """The holder is told; back to the register."""
    settings: Settings = request.app.state.settings
    seen = see_certificate(session, actor, certificate_id)
    service_revocations.open_revocation(session, actor, seen, command, site=settings.base_url)
    return see_other(HERE.format(certificate_id=certificate_id))


@router.post("/revocations/{revocation_id}/decision")
def decide(
    actor: Correcting,
    session: SessionDep,
    request: Request,
    revocation_id: int,
    command: Annotated[DecideRevocation, Form()],
) -> Response:
    """Revoke or not; back to the register."""
    seen = service_revocations.see_revocation(session, actor, revocation_id)
    shop = Workshop.of(request.app.state.settings, request.app.state.keyring)
    service_revocations.decide(session, actor, seen, command, shop)
    return see_other(HERE.format(certificate_id=seen.certificate_id))


@router.post("/revocations/{revocation_id}/reponse")
def answer(actor: Answering, session: SessionDep, revocation_id: int, command: Annotated[Heard, Form()]) -> Response:
    """The holder is heard; back to their certificate."""
    seen = service_revocations.see_revocation(session, actor, revocation_id)
    service_revocations.answer(session, seen, command)
    return see_other(f"/attestations/{seen.certificate_id}")


@router.post("/revocations/{revocation_id}/contestation")
def contest(actor: Answering, session: SessionDep, revocation_id: int, command: Annotated[Heard, Form()]) -> Response:
    """The holder contests; back to their certificate."""
    seen = service_revocations.see_revocation(session, actor, revocation_id)
    service_revocations.contest(session, seen, command)
    return see_other(f"/attestations/{seen.certificate_id}")
