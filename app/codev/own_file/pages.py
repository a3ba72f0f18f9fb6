"""The page of one's own file of codevelopment, and its download."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from app.codev.own_file import service
from app.codev.own_file.api import as_download
from app.codev.own_file.schemas import FileQuery
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import render

router = APIRouter(include_in_schema=False)
PATH = "/codev/mon-dossier"
Own = Annotated[Actor, may(P.ME_READ)]


@router.get(PATH)
def file_page(request: Request, db: SessionDep, actor: Own, query: Annotated[FileQuery, Query()]) -> Response:
    """One's own sessions over a period, with minutes, roles and totals."""
    asked = {name: value for name, value in query.model_dump(mode="json").items() if value is not None}
    return render(
        request,
        "codev/own_file.html",
        file=service.codev_file(db, actor, query.period),
        query=query,
        pdf_path=f"{PATH}/pdf?{urlencode(asked)}" if asked else f"{PATH}/pdf",
    )


@router.get(PATH + "/pdf")
def download(db: SessionDep, actor: Own, query: Annotated[FileQuery, Query()]) -> Response:
    """The same as a PDF."""
    return as_download(service.file_document(db, actor, query.period))
