"""One's own consents, and the words of each."""

from typing import Annotated

from fastapi import APIRouter, status

from app.people.consents import service
from app.people.consents.enums import Purpose
from app.people.consents.schemas import ConsentText, GiveConsent, PurposeShown
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["consents"], route_class=OnceRoute)


@router.get("/me/consents", summary="What one agrees to")
def consents(actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> list[PurposeShown]:
    """Every purpose, in its words of today, with one's own lines of the register."""
    return list(service.consents(db, actor))


@router.post("/me/consents", status_code=status.HTTP_201_CREATED, summary="Agree")
def give(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, command: GiveConsent) -> PurposeShown:
    """Agree to a purpose in the words that were read; 409 ``consent_text_changed`` when they are no longer today's."""
    return service.give(db, actor, command)


@router.delete("/me/consents/{purpose}", summary="Take back a consent")
def withdraw(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep, purpose: Purpose) -> PurposeShown:
    """The use stops at once; the register keeps that one had agreed."""
    return service.withdraw(db, actor, purpose)


@router.get("/consents/{purpose}/{version}", summary="The words of a consent")
def wording(_: Annotated[Actor, may(P.ME_READ)], purpose: Purpose, version: str) -> ConsentText:
    """Those of any version that was ever proposed."""
    return service.wording(purpose, version)
