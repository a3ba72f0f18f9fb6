"""One's own consents: read what each is for, agree, take back."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from app.people.consents import service
from app.people.consents.enums import Purpose
from app.people.consents.schemas import GiveConsent
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)
HERE = "/mon-dossier/consentements"
MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable("image")


def prose(body: str) -> Markup:
    """Our own words as HTML; any HTML in them is shown as text."""
    return Markup(MARKDOWN.render(body))  # noqa: S704 - rendered with HTML off


@router.get(HERE)
def consents(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, request: Request) -> Response:
    """Every purpose with its words, whether one agrees, and since when."""
    return render(request, "people/consents.html", purposes=service.consents(db, actor), prose=prose, here=HERE)


@router.post(HERE)
def give(
    actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, command: Annotated[GiveConsent, Form()]
) -> Response:
    """Agree, then back to the purpose."""
    service.give(db, actor, command)
    return redirect_after_post(f"{HERE}#{command.purpose}")


@router.post(HERE + "/{purpose}/retrait")
def withdraw(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, purpose: Purpose) -> Response:
    """Take back, then back to the purpose."""
    service.withdraw(db, actor, purpose)
    return redirect_after_post(f"{HERE}#{purpose}")


@router.get(HERE + "/{purpose}/{version}")
def wording(_: Annotated[Actor, may(P.ME_READ)], request: Request, purpose: Purpose, version: str) -> Response:
    """The words that one agreed to, though others be proposed today."""
    return render(request, "people/consent_text.html", words=service.wording(purpose, version), prose=prose, here=HERE)
