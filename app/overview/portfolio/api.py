"""A portfolio as JSON, as a PDF and as a ZIP."""

from typing import Annotated

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.overview.portfolio import service
from app.overview.portfolio.archive import open_portfolio
from app.overview.portfolio.layout import render_portfolio
from app.overview.portfolio.schemas import Portfolio
from app.platform.documents.document_process import in_document_process
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep
from app.platform.web.idempotency import IdempotentRoute
from app.platform.web.openapi.vocabulary import download
from app.platform.web.pages import attachment

router = APIRouter(tags=["grading"], route_class=IdempotentRoute)

ZIP = "application/zip"
ARCHIVE = download(ZIP, "A ZIP, streamed: a first page, the portfolio as PDF and JSON, the files by competency")
PDF = download("application/pdf", "A tagged PDF (PDF/UA-1)") | {
    503: {"description": "The deployment lacks a library of the PDF engine; the problem names its package"}
}
PORTFOLIO = "/enrolments/{enrolment_id}/portfolio"
Reader = Annotated[Actor, may(P.EVIDENCE_READ)]
ReadEnrolment = Annotated[EnrolmentRef, seen(see_enrolment, P.EVIDENCE_READ)]


@router.get(PORTFOLIO, summary="The portfolio of an enrolment's person")
def read_portfolio(db: SessionDep, actor: Reader, enrolment: ReadEnrolment) -> Portfolio:
    """Return the person's evidence by competency, over all their paths within reach, with who judged it on what."""
    return service.portfolio(db, actor, enrolment)[0]


@router.get(PORTFOLIO + "/pdf", summary="The portfolio as a PDF", response_class=Response, responses=PDF)
def read_portfolio_pdf(db: SessionDep, actor: Reader, enrolment: ReadEnrolment) -> Response:
    """Return the same as a document in French."""
    shown, _ = service.portfolio(db, actor, enrolment)
    content = in_document_process(render_portfolio, shown)
    return Response(content, media_type="application/pdf", headers=_headers(shown, "pdf"))


@router.get(PORTFOLIO + "/zip", summary="The portfolio as a ZIP", response_class=StreamingResponse, responses=ARCHIVE)
def read_portfolio_zip(db: SessionDep, actor: Reader, enrolment: ReadEnrolment, files: FilesDep) -> StreamingResponse:
    """Stream a page that needs no network, the portfolio as PDF and JSON, and the files handed in, up to 300 MB."""
    shown, stored = service.portfolio(db, actor, enrolment)
    return StreamingResponse(open_portfolio(shown, stored, files), media_type=ZIP, headers=_headers(shown, "zip"))


def _headers(shown: Portfolio, extension: str) -> dict[str, str]:
    return {**attachment(f"portfolio-{shown.name}.{extension}"), "Cache-Control": "no-store"}
