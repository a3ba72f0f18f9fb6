"""Pages that show a certificate's history, replace or revoke it, and record what its holder answers."""

from typing import Annotated

from fastapi import Form, Request, Response

from app.certificates.corrections import revocations, service
from app.certificates.corrections.revocations import see_revocation
from app.certificates.corrections.schemas import (
    DecideRevocation,
    HolderStatement,
    OpenRevocation,
    Reissue,
    RevocationRef,
)
from app.certificates.deps import DocumentStoreDep
from app.certificates.register.service import load_certificate, see_certificate
from app.certificates.schemas import CertificateRef
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep, SettingsDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()

Registrar = Annotated[Actor, may(P.CERTIFICATE_CORRECT)]
CorrectableCertificate = Annotated[CertificateRef, seen(see_certificate, P.CERTIFICATE_CORRECT)]
OwnRevocation = Annotated[RevocationRef, seen(see_revocation, P.CERTIFICATE_ANSWER)]
HISTORY = "/attestations/{certificate_id}/registre"


@router.get(HISTORY)
def history(certificate: CorrectableCertificate, db: SessionDep, request: Request) -> Response:
    """Show the history of a certificate and the forms that replace or revoke it."""
    return render(
        request,
        "certificates/history.html",
        certificate=load_certificate(db, certificate),
        ref=certificate,
        history=service.history(db, certificate),
    )


@router.post(
    "/attestations/{certificate_id}/remplacement", dependencies=[form_on("/attestations/{certificate_id}/registre")]
)
def reissue(
    actor: Registrar,
    certificate: CorrectableCertificate,
    db: SessionDep,
    store: DocumentStoreDep,
    command: Annotated[Reissue, Form()],
) -> Response:
    """Replace the certificate, then redirect to the new one."""
    replacement = service.reissue(db, actor, certificate, command, store)
    return redirect_after_post(f"/attestations/{replacement.id}")


@router.post(
    "/attestations/{certificate_id}/revocations", dependencies=[form_on("/attestations/{certificate_id}/registre")]
)
def open_revocation(
    actor: Registrar,
    certificate: CorrectableCertificate,
    db: SessionDep,
    settings: SettingsDep,
    command: Annotated[OpenRevocation, Form()],
) -> Response:
    """Open a revocation and notify the holder, then redirect to the history."""
    revocations.open_revocation(db, actor, certificate, command, site=settings.base_url)
    return redirect_after_post(HISTORY.format(certificate_id=certificate.id))


@router.post("/revocations/{revocation_id}/decision", dependencies=[form_on("/attestations/{certificate_id}/registre")])
def decide(
    actor: Registrar,
    revocation: Annotated[RevocationRef, seen(see_revocation, P.CERTIFICATE_CORRECT)],
    db: SessionDep,
    store: DocumentStoreDep,
    command: Annotated[DecideRevocation, Form()],
) -> Response:
    """Decide a revocation, then redirect to the certificate's history."""
    revocations.decide(db, actor, revocation, command, store)
    return redirect_after_post(HISTORY.format(certificate_id=revocation.certificate_id))


@router.post("/revocations/{revocation_id}/reponse", dependencies=[form_on("/attestations/{certificate_id}")])
def answer(revocation: OwnRevocation, db: SessionDep, command: Annotated[HolderStatement, Form()]) -> Response:
    """Record the holder's answer, then redirect to their certificate."""
    revocations.answer(db, revocation, command)
    return redirect_after_post(f"/attestations/{revocation.certificate_id}")


@router.post("/revocations/{revocation_id}/contestation", dependencies=[form_on("/attestations/{certificate_id}")])
def contest(revocation: OwnRevocation, db: SessionDep, command: Annotated[HolderStatement, Form()]) -> Response:
    """Record the holder's objection, then redirect to their certificate."""
    revocations.contest(db, revocation, command)
    return redirect_after_post(f"/attestations/{revocation.certificate_id}")
