"""The pages of one's own consents: read each text, agree, withdraw."""

from typing import Annotated

from fastapi import Form, Request, Response
from markdown_it import MarkdownIt
from markupsafe import Markup

from app.people.consents import service
from app.people.consents.enums import Purpose
from app.people.consents.schemas import GiveConsent
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/mon-dossier/consentements"
MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable("image")


def render_markdown(body: str) -> Markup:
    """Return the HTML of one of our own texts; HTML inside the text is escaped."""
    return Markup(MARKDOWN.render(body))  # noqa: S704 - rendered with HTML off


@router.get(PATH)
def consents(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep, request: Request) -> Response:
    """Show every purpose with its text, and since when the person agrees to it."""
    return render(
        request,
        "people/consents.html",
        purposes=service.consents(db, actor),
        render_markdown=render_markdown,
        path=PATH,
    )


@router.post(PATH, dependencies=[form_on(PATH)])
def give(
    actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, command: Annotated[GiveConsent, Form()]
) -> Response:
    """Consent, then show the purpose again."""
    service.give(db, actor, command)
    return redirect_after_post(f"{PATH}#{command.purpose}")


@router.post(PATH + "/{purpose}/retrait", dependencies=[form_on(PATH)])
def withdraw(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, purpose: Purpose) -> Response:
    """Withdraw a consent, then show the purpose again."""
    service.withdraw(db, actor, purpose)
    return redirect_after_post(f"{PATH}#{purpose}")


@router.get(PATH + "/{purpose}/{version}")
def consent_text(_: Annotated[Actor, may(P.ME_READ)], request: Request, purpose: Purpose, version: str) -> Response:
    """Show the text that the person agreed to, even when a newer one is current."""
    return render(
        request,
        "people/consent_text.html",
        text=service.text_of(purpose, version),
        render_markdown=render_markdown,
        path=PATH,
    )
