"""Replacing and revoking certificates, on pages; and what the holder says of a revocation."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from app.certificates.corrections import revocations, service
from app.certificates.corrections.schemas import DecideRevocation, Heard, OpenRevocation, Reissue
from app.certificates.documents.service import DocumentStore
from app.certificates.register.service import certificate, see_certificate
from app.platform.config import Settings
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)
Correcting = Annotated[Actor, may(P.CERTIFICATE_CORRECT)]
Answering = Annotated[Actor, may(P.CERTIFICATE_ANSWER)]
HERE = "/attestations/{certificate_id}/registre"


@router.get(HERE)
def register_page(actor: Correcting, db: SessionDep, request: Request, certificate_id: int) -> Response:
    """What became of a certificate, and the forms to replace or revoke it."""
    seen = see_certificate(db, actor, certificate_id)
    return render(
        request,
        "certificates/register.html",
        certificate=certificate(db, seen),
        seen=seen,
        history=service.history(db, seen),
    )


@router.post("/attestations/{certificate_id}/remplacement")
def reissue(
    actor: Correcting,
    db: SessionDep,
    request: Request,
    certificate_id: int,
    command: Annotated[Reissue, Form()],
) -> Response:
    """The new document takes the place of the one before."""
    shop = DocumentStore.of(request.app.state.settings, request.app.state.keyring)
    seen = see_certificate(db, actor, certificate_id)
    fresh = service.reissue(db, actor, seen, command, shop)
    return redirect_after_post(f"/attestations/{fresh.id}")


@router.post("/attestations/{certificate_id}/revocations")
def open_revocation(
    actor: Correcting,
    db: SessionDep,
    request: Request,
    certificate_id: int,
    command: Annotated[OpenRevocation, Form()],
) -> Response:
    """The holder is told; back to the register."""
    settings: Settings = request.app.state.settings
    seen = see_certificate(db, actor, certificate_id)
    revocations.open_revocation(db, actor, seen, command, site=settings.base_url)
    return redirect_after_post(HERE.format(certificate_id=certificate_id))


@router.post("/revocations/{revocation_id}/decision")
def decide(
    actor: Correcting,
    db: SessionDep,
    request: Request,
    revocation_id: int,
    command: Annotated[DecideRevocation, Form()],
) -> Response:
    """Revoke or not; back to the register."""
    seen = revocations.see_revocation(db, actor, revocation_id)
    shop = DocumentStore.of(request.app.state.settings, request.app.state.keyring)
    revocations.decide(db, actor, seen, command, shop)
    return redirect_after_post(HERE.format(certificate_id=seen.certificate_id))


@router.post("/revocations/{revocation_id}/reponse")
def answer(actor: Answering, db: SessionDep, revocation_id: int, command: Annotated[Heard, Form()]) -> Response:
    """The holder is heard; back to their certificate."""
    seen = revocations.see_revocation(db, actor, revocation_id)
    revocations.answer(db, seen, command)
    return redirect_after_post(f"/attestations/{seen.certificate_id}")


@router.post("/revocations/{revocation_id}/contestation")
def contest(actor: Answering, db: SessionDep, revocation_id: int, command: Annotated[Heard, Form()]) -> Response:
    """The holder contests; back to their certificate."""
    seen = revocations.see_revocation(db, actor, revocation_id)
    revocations.contest(db, seen, command)
    return redirect_after_post(f"/attestations/{seen.certificate_id}")
