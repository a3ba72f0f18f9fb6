"""One's own consents, and the words of each."""

from typing import Annotated

from fastapi import APIRouter, status

from app.access import Actor, P, may
from app.db import SessionDep
from app.idempotency import OnceRoute
from app.people import service_consents as service
from app.people.models import Purpose
from app.people.schemas_consents import ConsentText, GiveConsent, PurposeShown

router = APIRouter(tags=["consents"], route_class=OnceRoute)


@router.get("/me/consents", summary="What one agrees to")
def consents(actor: Annotated[Actor, may(P.ME_READ)], session: SessionDep) -> list[PurposeShown]:
    """Every purpose, in its words of today, with one's own lines of the register."""
    return list(service.consents(session, actor))


@router.post("/me/consents", status_code=status.HTTP_201_CREATED, summary="Agree")
def give(actor: Annotated[Actor, may(P.ME_MANAGE)], session: SessionDep, command: GiveConsent) -> PurposeShown:
    """Agree to a purpose in the words that were read; 409 ``consent_text_changed`` when they are no longer today's."""
    return service.give(session, actor, command)


@router.delete("/me/consents/{purpose}", summary="Take back a consent")
def withdraw(actor: Annotated[Actor, may(P.ME_MANAGE)], session: SessionDep, purpose: Purpose) -> PurposeShown:
    """The use stops at once; the register keeps that one had agreed."""
    return service.withdraw(session, actor, purpose)


@router.get("/consents/{purpose}/{version}", summary="The words of a consent")
def wording(_: Annotated[Actor, may(P.ME_READ)], purpose: Purpose, version: str) -> ConsentText:
    """Those of any version that was ever proposed."""
    return service.wording(purpose, version)
