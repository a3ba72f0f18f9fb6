"""Routes that replace or revoke a certificate, and that let its holder answer, as JSON."""

from typing import Annotated

from fastapi import APIRouter, status

from app.certificates.corrections import revocations, service
from app.certificates.corrections.revocations import see_revocation
from app.certificates.corrections.schemas import (
    CertificateHistory,
    DecideRevocation,
    HolderStatement,
    OpenRevocation,
    Reissue,
    RevocationList,
    RevocationRef,
    RevocationShown,
)
from app.certificates.deps import DocumentStoreDep
from app.certificates.register.service import see_certificate
from app.certificates.schemas import CertificateRef, CertificateView
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["certificates"], route_class=IdempotentRoute)

Registrar = Annotated[Actor, may(P.CERTIFICATE_CORRECT)]
CorrectableCertificate = Annotated[CertificateRef, seen(see_certificate, P.CERTIFICATE_CORRECT)]
OwnRevocation = Annotated[RevocationRef, seen(see_revocation, P.CERTIFICATE_ANSWER)]


@router.get("/certificates/{certificate_id}/history", summary="Read the history of a certificate")
def read_history(certificate: CorrectableCertificate, db: SessionDep) -> CertificateHistory:
    """Return the documents before and after it, the reason for its correction, its revocations; for registrars only."""
    return service.history(db, certificate)


@router.post(
    "/certificates/{certificate_id}/reissue", status_code=status.HTTP_201_CREATED, summary="Replace a certificate"
)
def reissue(
    actor: Registrar,
    certificate: CorrectableCertificate,
    db: SessionDep,
    store: DocumentStoreDep,
    command: Reissue,
) -> CertificateView:
    """Return the new document; the one before is superseded. 409 with every reason that forbids it."""
    return service.reissue(db, actor, certificate, command, store)


@router.post(
    "/certificates/{certificate_id}/revocations", status_code=status.HTTP_201_CREATED, summary="Open a revocation"
)
def open_revocation(
    actor: Registrar,
    certificate: CorrectableCertificate,
    db: SessionDep,
    settings: SettingsDep,
    command: OpenRevocation,
) -> RevocationShown:
    """Notify the holder by e-mail, who has ten days to answer; nothing is revoked yet."""
    return revocations.open_revocation(db, actor, certificate, command, site=settings.base_url)


@router.post("/revocations/{revocation_id}/decision", summary="Decide a revocation")
def decide_revocation(
    actor: Registrar,
    revocation: Annotated[RevocationRef, seen(see_revocation, P.CERTIFICATE_CORRECT)],
    db: SessionDep,
    store: DocumentStoreDep,
    command: DecideRevocation,
) -> RevocationShown:
    """Revoke the certificate or leave it valid; final; 409 before the holder has answered or the delay has passed."""
    return revocations.decide(db, actor, revocation, command, store)


@router.get("/me/revocations", summary="List the revocations of one's own certificates")
def read_own_revocations(actor: Annotated[Actor, may(P.CERTIFICATE_ANSWER)], db: SessionDep) -> RevocationList:
    """Return the revocations, latest first: the reason, the last day to answer, the decision."""
    return RevocationList(items=revocations.own_revocations(db, actor))


@router.get("/revocations/{revocation_id}", summary="Read a revocation of one's own certificate")
def read_revocation(revocation: OwnRevocation, db: SessionDep) -> RevocationShown:
    """Return the reason, the last day to answer, the decision."""
    return revocations.load_revocation(db, revocation)


@router.post("/revocations/{revocation_id}/answer", summary="Answer before the decision")
def answer(revocation: OwnRevocation, db: SessionDep, command: HolderStatement) -> RevocationShown:
    """Record the holder's answer; a later answer replaces the one before."""
    return revocations.answer(db, revocation, command)


@router.post("/revocations/{revocation_id}/contest", summary="Contest the decision")
def contest(revocation: OwnRevocation, db: SessionDep, command: HolderStatement) -> RevocationShown:
    """Record the holder's objection, once the certificate was revoked."""
    return revocations.contest(db, revocation, command)
