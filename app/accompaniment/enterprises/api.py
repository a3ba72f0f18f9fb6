"""Accompaniment over JSON: enterprises, mandates and their dated facts."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.accompaniment.enterprises import service
from app.accompaniment.enterprises.schemas import EnterprisePage, EnterpriseShown, NewEnterprise
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import OnceRoute

router = APIRouter(tags=["accompaniment"], route_class=OnceRoute)

CREATED = HTTPStatus.CREATED
Search = Annotated[str, Query(max_length=100, description="words of the name, accents and case aside, or an NEQ")]
After = Annotated[int | None, Query(description="`next` of the page before")]

# Enterprises ------------------------------------------------------------------------------------


@router.get("/enterprises")
def enterprises(
    actor: Annotated[Actor, may(P.ENTERPRISE_READ)], db: SessionDep, search: Search = "", after: After = None
) -> EnterprisePage:
    """Enterprises by name: those of one's college, or of one's own mandates."""
    return service.enterprises(db, actor, search=search, after=after)


@router.get("/enterprises/{enterprise_id}")
def enterprise(actor: Annotated[Actor, may(P.ENTERPRISE_READ)], db: SessionDep, enterprise_id: int) -> EnterpriseShown:
    """One enterprise."""
    return service.see_enterprise(db, actor, enterprise_id)


@router.post("/colleges/{college_id}/enterprises", status_code=CREATED)
def add_enterprise(
    actor: Annotated[Actor, may(P.ENTERPRISE_MANAGE)], db: SessionDep, college_id: int, command: NewEnterprise
) -> EnterpriseShown:
    """Add an enterprise; 409 ``neq_taken`` when the college already knows its NEQ."""
    return service.add_enterprise(db, actor, see_college(db, actor, college_id), command)
