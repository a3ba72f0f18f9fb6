"""Enterprises as JSON."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query

from app.accompaniment.enterprises import service
from app.accompaniment.enterprises.schemas import EnterprisePage, EnterpriseShown, NewEnterprise
from app.accompaniment.enterprises.service import see_enterprise
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.paging import After
from app.platform.schema import SearchText
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["accompaniment"], route_class=IdempotentRoute)

CREATED = HTTPStatus.CREATED
Search = Annotated[
    SearchText, Query(description="words of the name, without regard to accents, case or apostrophes, or an NEQ")
]


@router.get("/enterprises")
def list_enterprises(
    actor: Annotated[Actor, may(P.ENTERPRISE_READ)], db: SessionDep, search: Search = "", after: After = None
) -> EnterprisePage:
    """Enterprises of the actor's college or of the actor's own mandates, by name."""
    return service.enterprises(db, actor, search=search, after=after)


@router.get("/enterprises/{enterprise_id}")
def read_enterprise(
    enterprise: Annotated[EnterpriseShown, seen(see_enterprise, P.ENTERPRISE_READ)],
) -> EnterpriseShown:
    """One enterprise."""
    return enterprise


@router.post("/colleges/{college_id}/enterprises", status_code=CREATED)
def add_enterprise(
    db: SessionDep,
    actor: Annotated[Actor, may(P.ENTERPRISE_MANAGE)],
    college: Annotated[CollegeShown, seen(see_college, P.ENTERPRISE_MANAGE)],
    command: NewEnterprise,
) -> EnterpriseShown:
    """Add an enterprise; 409 ``neq_taken`` when the college already has one with its NEQ."""
    return service.add_enterprise(db, actor, college, command)
