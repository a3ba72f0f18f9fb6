"""Replacing and revoking certificates, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Request, status

from app.certificates.corrections import revocations, service
from app.certificates.corrections.schemas import (
    CertificateHistory,
    DecideRevocation,
    Heard,
    OpenRevocation,
    Reissue,
    RevocationList,
    RevocationShown,
)
from app.certificates.documents.service import DocumentStore
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateView
from app.platform.config import Settings
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["certificates"], route_class=OnceRoute)
Correcting = Annotated[Actor, may(P.CERTIFICATE_CORRECT)]
Answering = Annotated[Actor, may(P.CERTIFICATE_ANSWER)]


@router.get("/certificates/{certificate_id}/history", summary="What became of a certificate")
def read_history(actor: Correcting, db: SessionDep, certificate_id: int) -> CertificateHistory:
    """The documents before and after it, the reason of its making, its revocations: for the registrar alone."""
    return service.history(db, see_certificate(db, actor, certificate_id))


@router.post("/certificates/{certificate_id}/reissue", status_code=status.HTTP_201_CREATED, summary="Replace")
def reissue(
    actor: Correcting, db: SessionDep, request: Request, certificate_id: int, command: Reissue
) -> CertificateView:
    """The new document; the one before is superseded. 409 with every reason that forbids it."""
    shop = DocumentStore.of(request.app.state.settings, request.app.state.keyring)
    seen = see_certificate(db, actor, certificate_id)
    return service.reissue(db, actor, seen, command, shop)


@router.post(
    "/certificates/{certificate_id}/revocations", status_code=status.HTTP_201_CREATED, summary="Open a revocation"
)
def open_revocation(
    actor: Correcting, db: SessionDep, request: Request, certificate_id: int, command: OpenRevocation
) -> RevocationShown:
    """The holder is told by letter and has ten days to answer; nothing is revoked yet."""
    settings: Settings = request.app.state.settings
    seen = see_certificate(db, actor, certificate_id)
    return revocations.open_revocation(db, actor, seen, command, site=settings.base_url)


@router.post("/revocations/{revocation_id}/decision", summary="Revoke, or not")
def decide(
    actor: Correcting, db: SessionDep, request: Request, revocation_id: int, command: DecideRevocation
) -> RevocationShown:
    """Final; 409 before the holder was heard."""
    seen = revocations.see_revocation(db, actor, revocation_id)
    shop = DocumentStore.of(request.app.state.settings, request.app.state.keyring)
    return revocations.decide(db, actor, seen, command, shop)


@router.get("/me/revocations", summary="Revocations of one's own certificates")
def read_own_revocations(actor: Answering, db: SessionDep) -> RevocationList:
    """The latest first: why, until when to answer, and what was decided."""
    return RevocationList(items=revocations.own_revocations(db, actor))


@router.get("/revocations/{revocation_id}", summary="A revocation of one's own certificate")
def read_revocation(actor: Answering, db: SessionDep, revocation_id: int) -> RevocationShown:
    """Why, until when to answer, and what was decided."""
    return revocations.revocation(db, revocations.see_revocation(db, actor, revocation_id))


@router.post("/revocations/{revocation_id}/answer", summary="Answer before the decision")
def answer(actor: Answering, db: SessionDep, revocation_id: int, command: Heard) -> RevocationShown:
    """By the holder; a later answer replaces the one before."""
    return revocations.answer(db, revocations.see_revocation(db, actor, revocation_id), command)


@router.post("/revocations/{revocation_id}/contest", summary="Contest the decision")
def contest(actor: Answering, db: SessionDep, revocation_id: int, command: Heard) -> RevocationShown:
    """By the holder, once the certificate was revoked."""
    return revocations.contest(db, revocations.see_revocation(db, actor, revocation_id), command)
