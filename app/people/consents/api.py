"""JSON routes for one's own consents and their texts."""

from typing import Annotated

from fastapi import APIRouter, status

from app.people.consents import service
from app.people.consents.enums import Purpose
from app.people.consents.schemas import ConsentText, GiveConsent, PurposeShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["consents"], route_class=IdempotentRoute)


@router.get("/me/consents", summary="One's own consents")
def consents(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> list[PurposeShown]:
    """Return every purpose with its current text and the person's entries in the register."""
    return list(service.consents(db, actor))


@router.post("/me/consents", status_code=status.HTTP_201_CREATED, summary="Give a consent")
def give(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, command: GiveConsent) -> PurposeShown:
    """Consent to a purpose in the text that was read; 409 ``consent_text_changed`` when it is no longer current."""
    return service.give(db, actor, command)


@router.delete("/me/consents/{purpose}", summary="Withdraw a consent")
def withdraw(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, purpose: Purpose) -> PurposeShown:
    """Withdraw a consent: the use stops at once, and the register still shows that it had been given."""
    return service.withdraw(db, actor, purpose)


@router.get("/consents/{purpose}/{version}", summary="The text of a consent")
def consent_text(_: Annotated[Actor, may(P.ME_READ)], purpose: Purpose, version: str) -> ConsentText:
    """Return the text of any version that was ever proposed."""
    return service.text_of(purpose, version)
