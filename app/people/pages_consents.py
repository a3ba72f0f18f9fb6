"""One's own consents: read what each is for, agree, take back."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from app.access import Actor, P, may
from app.db import SessionDep
from app.people import service_consents as service
from app.people.models import Purpose
from app.people.schemas_consents import GiveConsent
from app.web import render, see_other

router = APIRouter(include_in_schema=False)
HERE = "/mon-dossier/consentements"
MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable("image")


def prose(body: str) -> Markup:
    """Our own words as HTML; any HTML in them is shown as text."""
    return Markup(MARKDOWN.render(body))  # noqa: S704 - rendered with HTML off


@router.get(HERE)
def consents(actor: Annotated[Actor, may(P.ME_READ)], session: SessionDep, request: Request) -> Response:
    """Every purpose with its words, whether one agrees, and since when."""
    return render(request, "people/consents.html", purposes=service.consents(session, actor), prose=prose, here=HERE)


@router.post(HERE)
def give(
    actor: Annotated[Actor, may(P.ME_MANAGE)], session: SessionDep, command: Annotated[GiveConsent, Form()]
) -> Response:
    """Agree, then back to the purpose."""
    service.give(session, actor, command)
    return see_other(f"{HERE}#{command.purpose}")


@router.post(HERE + "/{purpose}/retrait")
def withdraw(actor: Annotated[Actor, may(P.ME_MANAGE)], session: SessionDep, purpose: Purpose) -> Response:
    """Take back, then back to the purpose."""
    service.withdraw(session, actor, purpose)
    return see_other(f"{HERE}#{purpose}")


@router.get(HERE + "/{purpose}/{version}")
def wording(_: Annotated[Actor, may(P.ME_READ)], request: Request, purpose: Purpose, version: str) -> Response:
    """The words that one agreed to, though others be proposed today."""
    return render(request, "people/consent_text.html", words=service.wording(purpose, version), prose=prose, here=HERE)
