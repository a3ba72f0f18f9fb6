"""The page of a portfolio, and its downloads."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from app.overview.portfolio import api, service
from app.overview.portfolio.api import ReadEnrolment, Reader
from app.overview.portfolio.rules import MOST_MEGABYTES
from app.platform.web.deps import FilesDep, SessionDep
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)
PORTFOLIO = "/parcours/{enrolment_id}/portfolio"


@router.get(PORTFOLIO)
def portfolio_page(request: Request, db: SessionDep, actor: Reader, enrolment: ReadEnrolment) -> Response:
    """A person's evidence by competency, over all their paths within reach."""
    shown, _ = service.portfolio(db, actor, enrolment)
    return render(
        request,
        "progress/portfolio.html",
        enrolment=enrolment,
        own=enrolment.person_id == actor.person_id,
        portfolio=shown,
        megabytes=MOST_MEGABYTES,
    )


@router.get(PORTFOLIO + "/pdf")
def download_pdf(db: SessionDep, actor: Reader, enrolment: ReadEnrolment) -> Response:
    """The same as a PDF."""
    return api.read_portfolio_pdf(db, actor, enrolment)


@router.get(PORTFOLIO + "/zip")
def download_zip(db: SessionDep, actor: Reader, enrolment: ReadEnrolment, files: FilesDep) -> StreamingResponse:
    """The same as a ZIP, with the files handed in."""
    return api.read_portfolio_zip(db, actor, enrolment, files)
