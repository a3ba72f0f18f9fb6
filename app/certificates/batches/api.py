"""Many certificates by one decision, as JSON; and what comes of it as files."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from app.certificates.batches import archive, service
from app.certificates.batches.schemas import BatchList, BatchPreview, BatchView, NewBatch
from app.certificates.documents.service import DocumentStore
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.documents.spreadsheets import CSV, XLSX, Flavour
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute
from app.platform.web.pages import attachment

router = APIRouter(tags=["certificates"], route_class=OnceRoute)

Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]
BATCHES = "/colleges/{college_id}/certificate-batches"
BATCH = "/certificate-batches/{batch_id}"
ZIP = "application/zip"
ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"description": "A ZIP, streamed: the documents by number, and the register", "content": {ZIP: {}}}
}


@router.get(BATCHES + "/preview", summary="What one decision would issue, and what it would leave out")
def read_preview(
    actor: Registrar,
    db: SessionDep,
    college_id: int,
    cohort_id: int | None = None,
    kind: Annotated[tuple[CertificateKind, ...], Query()] = tuple(CertificateKind),
) -> BatchPreview:
    """Of a cohort or of the whole college, of the kinds asked for or of all; what is left out says why."""
    college = network.see_college(db, actor, college_id)
    return service.preview(db, actor, college, cohort_id, kind)


@router.post(BATCHES, status_code=status.HTTP_201_CREATED, summary="Issue many")
def decide(actor: Registrar, db: SessionDep, college_id: int, command: NewBatch) -> BatchView:
    """The decision of the person who asks; the certificates follow one after the other, with their documents.

    Each is looked at again when its turn comes. 409 when none is ready.
    """
    college = network.see_college(db, actor, college_id)
    return service.batch_of(db, service.decide(db, actor, college, command))


@router.get(BATCHES, summary="A college's batches")
def read_batches(actor: Registrar, db: SessionDep, college_id: int) -> BatchList:
    """Newest first, with how far each has come."""
    return BatchList(items=service.batches(db, network.see_college(db, actor, college_id)))


@router.get(BATCH, summary="A batch")
def read_batch(actor: Registrar, db: SessionDep, batch_id: int) -> BatchView:
    """How far it has come; each certificate with its number, or what stood in the way."""
    return service.batch_of(db, service.see_batch(db, actor, batch_id))


@router.post(BATCH + "/resumptions", summary="Try again what failed")
def resume(actor: Registrar, db: SessionDep, batch_id: int) -> BatchView:
    """Documents that could not be drawn, and what failed by our fault; 409 when there is no such thing."""
    seen = service.see_batch(db, actor, batch_id)
    service.resume(db, seen)
    return service.batch_of(db, seen)


@router.get(BATCH + "/archive", summary="All documents", response_class=StreamingResponse, responses=ARCHIVE)
def read_archive(actor: Registrar, db: SessionDep, request: Request, batch_id: int) -> StreamingResponse:
    """Those still valid, and the register; 409 before the batch is finished."""
    shop = DocumentStore.of(request.app.state.settings, request.app.state.keyring)
    seen = service.see_batch(db, actor, batch_id)
    name, pieces = archive.archive(db, seen, shop)
    return StreamingResponse(pieces, media_type=ZIP, headers=attachment(name))


@router.get(BATCH + "/register.csv", response_class=Response)
def read_register_csv(
    actor: Registrar,
    db: SessionDep,
    batch_id: int,
    format: Flavour = Flavour.EXCEL,  # noqa: A002 - its public name
) -> Response:
    """The register as a CSV: ``excel`` (BOM, ``;``, decimal comma) or ``donnees`` (RFC 4180)."""
    found = archive.register_of(db, service.see_batch(db, actor, batch_id))
    headers = attachment(archive.file_name(found, ".csv"))
    return Response(archive.register_csv(found, format), media_type=CSV, headers=headers)


@router.get(BATCH + "/register.xlsx", response_class=Response)
def read_register_xlsx(actor: Registrar, db: SessionDep, batch_id: int) -> Response:
    """The register as a workbook."""
    found = archive.register_of(db, service.see_batch(db, actor, batch_id))
    headers = attachment(archive.file_name(found, ".xlsx"))
    return Response(archive.register_xlsx(found), media_type=XLSX, headers=headers)
