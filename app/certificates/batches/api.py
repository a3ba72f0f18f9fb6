"""Routes that issue certificates in batches, as JSON, and that download a batch's archive and register."""

from typing import Annotated

from fastapi import APIRouter, Query, Response, status
from fastapi.responses import StreamingResponse

from app.certificates.batches import archive, service
from app.certificates.batches.schemas import BatchList, BatchPreview, BatchRef, BatchView, NewBatch
from app.certificates.batches.service import see_batch
from app.certificates.deps import DocumentStoreDep
from app.network.enums import CertificateKind
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.documents.spreadsheets import CSV, XLSX, Flavour
from app.platform.paging import PAGE, After, Limit
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import attachment

router = APIRouter(tags=["certificates"], route_class=IdempotentRoute)

Registrar = Annotated[Actor, may(P.CERTIFICATE_ISSUE)]
IssuingCollege = Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_ISSUE)]
CollegeBatch = Annotated[BatchRef, seen(see_batch, P.CERTIFICATE_ISSUE)]
BATCHES = "/colleges/{college_id}/certificate-batches"
BATCH = "/certificate-batches/{batch_id}"
ZIP = "application/zip"
ARCHIVE = download(ZIP, "A ZIP, streamed: the documents by number, and the register")
REGISTER_CSV = download("text/csv", "The register of the batch as CSV")
REGISTER_XLSX = download(XLSX, "The register of the batch as a workbook")


@router.get(BATCHES + "/preview", summary="Preview a batch")
def read_preview(
    *,
    actor: Registrar,
    college: IssuingCollege,
    db: SessionDep,
    cohort_id: int | None = None,
    kind: Annotated[tuple[CertificateKind, ...], Query()] = tuple(CertificateKind),
    after: After = None,
    limit: Limit = PAGE,
) -> BatchPreview:
    """Return what one decision would issue and what it would leave out and why.

    Of one cohort or of the whole college, of some kinds or of all.
    """
    return service.preview(db, actor, college, cohort_id, kind, after=after, limit=limit)


@router.post(BATCHES, status_code=status.HTTP_201_CREATED, summary="Issue a batch of certificates")
def decide_batch(actor: Registrar, college: IssuingCollege, db: SessionDep, command: NewBatch) -> BatchView:
    """Record the decision of the person who asks; a worker then issues the certificates and renders their documents.

    Each certificate is checked again when it is issued. 409 when none is ready.
    """
    return service.batch_view(db, service.decide(db, actor, college, command))


@router.get(BATCHES, summary="List a college's batches")
def read_batches(college: IssuingCollege, db: SessionDep, after: After = None, limit: Limit = PAGE) -> BatchList:
    """Return the batches with the progress of each, newest first."""
    return service.list_batches(db, college, after=after, limit=limit)


@router.get(BATCH, summary="Read a batch")
def read_batch(batch: CollegeBatch, db: SessionDep) -> BatchView:
    """Return the progress of a batch, and each certificate with its number or the reasons that forbade it."""
    return service.batch_view(db, batch)


@router.post(BATCH + "/resumptions", summary="Retry what failed")
def resume(batch: CollegeBatch, db: SessionDep) -> BatchView:
    """Retry the documents that could not be rendered and the internal failures; 409 when there are none."""
    service.resume(db, batch)
    return service.batch_view(db, batch)


@router.get(BATCH + "/archive", summary="Download all documents", response_class=StreamingResponse, responses=ARCHIVE)
def read_archive(batch: CollegeBatch, db: SessionDep, store: DocumentStoreDep) -> StreamingResponse:
    """Stream the documents that are still valid, and the register; 409 before the batch is finished."""
    name, pieces = archive.stream_archive(db, batch, store)
    return StreamingResponse(pieces, media_type=ZIP, headers=attachment(name))


@router.get(BATCH + "/register.csv", response_class=Response, responses=REGISTER_CSV)
def read_register_csv(
    batch: CollegeBatch,
    db: SessionDep,
    format: Flavour = Flavour.EXCEL,  # noqa: A002 - its public name
) -> Response:
    """Return the register as a CSV: ``excel`` (BOM, ``;``, decimal comma) or ``donnees`` (RFC 4180)."""
    register = archive.batch_register(db, batch)
    headers = attachment(archive.file_name(register, ".csv"))
    return Response(archive.register_csv(register, format), media_type=CSV, headers=headers)


@router.get(BATCH + "/register.xlsx", response_class=Response, responses=REGISTER_XLSX)
def read_register_xlsx(batch: CollegeBatch, db: SessionDep) -> Response:
    """Return the register as a workbook."""
    register = archive.batch_register(db, batch)
    headers = attachment(archive.file_name(register, ".xlsx"))
    return Response(archive.register_xlsx(register), media_type=XLSX, headers=headers)
