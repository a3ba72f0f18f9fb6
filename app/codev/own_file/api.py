"""One's own file of codevelopment as JSON and as a PDF."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator

from app.codev.own_file import service
from app.codev.own_file.rules import FilePeriod, period_of
from app.codev.own_file.schemas import CodevFile, FileDocument, Year
from app.platform.schema import within_calendars
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import attachment

router = APIRouter(tags=["codev"], route_class=IdempotentRoute)

PDF = download("application/pdf", "A tagged PDF (PDF/UA-1)") | {
    503: {"description": "The deployment lacks a library of the PDF engine; the problem names its package"}
}
Day = Annotated[date | None, AfterValidator(within_calendars)]


def asked_period(
    year: Annotated[Year | None, Query(description="a calendar year, which counts before the two days")] = None,
    since: Annotated[Day, Query(description="first day; none when left out")] = None,
    until: Annotated[Day, Query(description="last day; none when left out")] = None,
) -> FilePeriod:
    """Return the period of the query."""
    return period_of(year, since, until)


Period = Annotated[FilePeriod, Depends(asked_period)]
Own = Annotated[Actor, may(P.ME_READ)]


@router.get("/me/codev-file", summary="One's own file of codevelopment")
def read_file(db: SessionDep, actor: Own, period: Period) -> CodevFile:
    """Return the sessions one took part in or facilitated over a period, with minutes and roles, and their totals."""
    return service.codev_file(db, actor, period)


@router.get(
    "/me/codev-file/pdf",
    summary="One's own file of codevelopment as a PDF",
    response_class=Response,
    responses=PDF,
)
def download_file(db: SessionDep, actor: Own, period: Period) -> Response:
    """Return the same as a document for a professional order: no content, no group, no other member."""
    return as_download(service.file_document(db, actor, period))


def as_download(file: FileDocument) -> Response:
    """Return the document as a download that no cache keeps."""
    headers = {**attachment(file.name), "Cache-Control": "no-store"}
    return Response(file.content, media_type="application/pdf", headers=headers)
