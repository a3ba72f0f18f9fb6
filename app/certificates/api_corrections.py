"""Replacing and revoking certificates, as JSON."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, status

from app.access import Actor, P, may
from app.certificates import service_corrections, service_employers, service_revocations
from app.certificates.schemas import CertificateView
from app.certificates.schemas_corrections import (
    CertificateHistory,
    DecideRevocation,
    Heard,
    OpenRevocation,
    Reissue,
    RevocationList,
    RevocationShown,
)
from app.certificates.schemas_employers import EmployerAttestations, EmployerQuery
from app.certificates.service_documents import Workshop
from app.certificates.service_register import see_certificate
from app.config import Settings
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.network import service as network

router = APIRouter(tags=["certificates"], route_class=OnceRoute)
Correcting = Annotated[Actor, may(P.CERTIFICATE_CORRECT)]
Answering = Annotated[Actor, may(P.CERTIFICATE_ANSWER)]


@router.get("/certificates/{certificate_id}/history", summary="What became of a certificate")
def read_history(actor: Correcting, session: SessionDep, certificate_id: int) -> CertificateHistory:
    """The documents before and after it, the reason of its making, its revocations: for the registrar alone."""
    return service_corrections.history(session, see_certificate(session, actor, certificate_id))


@router.post("/certificates/{certificate_id}/reissue", status_code=status.HTTP_201_CREATED, summary="Replace")
def reissue(
    actor: Correcting, session: SessionDep, request: Request, certificate_id: int, command: Reissue
) -> CertificateView:
    """The new document; the one before is superseded. 409 with every reason that forbids it."""
    shop = Workshop.of(request.app.state.settings, request.app.state.keyring)
    seen = see_certificate(session, actor, certificate_id)
    return service_corrections.reissue(session, actor, seen, command, shop)


@router.post(
    "/certificates/{certificate_id}/revocations", status_code=status.HTTP_201_CREATED, summary="Open a revocation"
)
def open_revocation(
    actor: Correcting, session: SessionDep, request: Request, certificate_id: int, command: OpenRevocation
) -> RevocationShown:
    """The holder is told by letter and has ten days to answer; nothing is revoked yet."""
    settings: Settings = request.app.state.settings
    seen = see_certificate(session, actor, certificate_id)
    return service_revocations.open_revocation(session, actor, seen, command, site=settings.base_url)


@router.post("/revocations/{revocation_id}/decision", summary="Revoke, or not")
def decide(
    actor: Correcting, session: SessionDep, request: Request, revocation_id: int, command: DecideRevocation
) -> RevocationShown:
    """Final; 409 before the holder was heard."""
    seen = service_revocations.see_revocation(session, actor, revocation_id)
    shop = Workshop.of(request.app.state.settings, request.app.state.keyring)
    return service_revocations.decide(session, actor, seen, command, shop)


@router.get("/me/revocations", summary="Revocations of one's own certificates")
def read_own_revocations(actor: Answering, session: SessionDep) -> RevocationList:
    """The latest first: why, until when to answer, and what was decided."""
    return RevocationList(items=service_revocations.own_revocations(session, actor))


@router.get("/revocations/{revocation_id}", summary="A revocation of one's own certificate")
def read_revocation(actor: Answering, session: SessionDep, revocation_id: int) -> RevocationShown:
    """Why, until when to answer, and what was decided."""
    return service_revocations.revocation(session, service_revocations.see_revocation(session, actor, revocation_id))


@router.post("/revocations/{revocation_id}/answer", summary="Answer before the decision")
def answer(actor: Answering, session: SessionDep, revocation_id: int, command: Heard) -> RevocationShown:
    """By the holder; a later answer replaces the one before."""
    return service_revocations.answer(
        session, service_revocations.see_revocation(session, actor, revocation_id), command
    )


@router.post("/revocations/{revocation_id}/contest", summary="Contest the decision")
def contest(actor: Answering, session: SessionDep, revocation_id: int, command: Heard) -> RevocationShown:
    """By the holder, once the certificate was revoked."""
    return service_revocations.contest(
        session, service_revocations.see_revocation(session, actor, revocation_id), command
    )


@router.get("/colleges/{college_id}/employer-attestations", summary="Attestations of an employer's people")
def read_employer_attestations(
    actor: Correcting, session: SessionDep, college_id: int, query: Annotated[EmployerQuery, Query()]
) -> EmployerAttestations:
    """Of those who consent, by name, with the object of each activity; the others are counted."""
    return service_employers.attestations_for(session, network.see_college(session, actor, college_id), query)
