"""Enterprises of a college: added once by NEQ, searched by name or NEQ."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from app.accompaniment.enterprises.enums import EnterpriseSort
from app.accompaniment.enterprises.models import NAMES, Enterprise
from app.accompaniment.enterprises.rules import neq_reasons, normal_neq
from app.accompaniment.enterprises.schemas import EnterprisePage, EnterpriseShown, EnterprisesQuery, NewEnterprise
from app.accompaniment.mandates.models import Mandate, MandateAdvisor
from app.network.models import Region
from app.network.schemas import CollegeShown
from app.platform.clock import now
from app.platform.database.paging import Orders, fetch_after, fetch_page
from app.platform.database.session import Session
from app.platform.errors import Conflict, Invalid, NotFound, Reason, refuse_unless
from app.platform.paging import PAGE, Page
from app.platform.search import search_key, search_words
from app.platform.security.actor import Actor, scoped

SEARCH_KEY = 600


def add_enterprise(
    db: Session, actor: Actor, college: CollegeShown, command: NewEnterprise, *, field: str = ""
) -> EnterpriseShown:
    """Add an enterprise to a college; ``field`` prefixes the fields of the reasons."""
    neq = normal_neq(command.neq) if command.neq else None
    refuse_unless(*(neq_reasons(neq, f"{field}neq") if neq else ()), code="invalid")
    if db.get(Region, command.region_code) is None:
        raise Invalid("invalid", Reason("unknown_region", field=f"{field}region_code"))
    if neq is not None and _by_neq(db, college.id, neq) is not None:
        raise Conflict("neq_taken", Reason("neq_taken", field=f"{field}neq"))
    row = Enterprise(
        **{**command.model_dump(), "neq": neq},
        college_id=college.id,
        search_key=search_key(command.name)[:SEARCH_KEY],
        created_at=now(),
        created_by=actor.person_id,
    )
    db.add(row)
    db.flush()
    return EnterpriseShown.model_validate(row)


def see_enterprise(db: Session, actor: Actor, enterprise_id: int) -> EnterpriseShown:
    """Return an enterprise of the actor's college or of a mandate of theirs; raise ``NotFound`` for any other."""
    row = db.exec(select(Enterprise).where(Enterprise.id == enterprise_id, _within(actor))).one_or_none()
    if row is None:
        raise NotFound
    return EnterpriseShown.model_validate(row)


def accompanied_names(db: Session, person_id: int) -> Sequence[str]:
    """Return the names of the enterprises of a person's own mandates (for themself: it checks no reach)."""
    statement = (
        select(Enterprise.name)
        .join(Mandate, col(Mandate.enterprise_id) == Enterprise.id)
        .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
        .where(MandateAdvisor.person_id == person_id)
        .distinct()
    )
    return db.exec(statement).all()


def see_by_neq(db: Session, college: CollegeShown, typed: str) -> EnterpriseShown:
    """Return the enterprise of a college by its NEQ, for a mandate opened by someone who has the whole number."""
    neq = normal_neq(typed)
    refuse_unless(*neq_reasons(neq), code="invalid")
    row = _by_neq(db, college.id, neq)
    if row is None:
        raise Invalid("invalid", Reason("neq_unknown", field="neq"))
    return EnterpriseShown.model_validate(row)


def _by_neq(db: Session, college_id: int, neq: str) -> Enterprise | None:
    return db.exec(select(Enterprise).where(Enterprise.college_id == college_id, Enterprise.neq == neq)).first()


def _within(actor: Actor) -> ColumnElement[bool]:
    accompanied = (
        select(Mandate.enterprise_id)
        .join(MandateAdvisor, col(MandateAdvisor.mandate_id) == Mandate.id)
        .where(scoped(actor, person=MandateAdvisor.person_id))
    )
    return scoped(actor, college=Enterprise.college_id) | col(Enterprise.id).in_(accompanied)


ORDERS: Orders = {
    EnterpriseSort.NAME: (col(Enterprise.search_key),),
    EnterpriseSort.SECTOR: (func.lower(Enterprise.sector), col(Enterprise.search_key)),
}


def list_enterprises(db: Session, actor: Actor, query: EnterprisesQuery) -> Page[EnterpriseShown]:
    """Return a page of the enterprises within reach."""
    statement = _enterprises(actor).where(*_matching(actor, query.recherche))
    if query.taille is not None:
        statement = statement.where(col(Enterprise.size) == query.taille)
    if query.region is not None:
        statement = statement.where(col(Enterprise.region_code) == query.region)
    return fetch_page(db, statement, query, ORDERS, col(Enterprise.id)).map(EnterpriseShown.model_validate)


def _matching(actor: Actor, search: str) -> list[ColumnElement[bool]]:
    """Return the conditions of a search: the beginning of an NEQ, or words of the name."""
    neq = normal_neq(search)
    if neq.isdecimal():
        return [col(Enterprise.neq).startswith(neq, autoescape=True)]
    return NAMES.matches(col(Enterprise.id), search_words(search), actor.colleges)


def enterprises(
    db: Session, actor: Actor, *, search: str = "", after: int | None = None, limit: int = PAGE
) -> EnterprisePage:
    """Return the enterprises within reach by name; ``search`` ignores accents and case, or is an NEQ."""
    statement = _enterprises(actor).where(*_matching(actor, search))
    order = (col(Enterprise.search_key),)
    rows, next_ = fetch_after(db, statement, order, col(Enterprise.id), after=after, limit=limit)
    return EnterprisePage(items=tuple(map(EnterpriseShown.model_validate, rows)), next=next_)


def _enterprises(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement of the enterprises within reach."""
    return sa.select(
        col(Enterprise.id),
        col(Enterprise.college_id),
        col(Enterprise.neq),
        col(Enterprise.name),
        col(Enterprise.sector),
        col(Enterprise.size),
        col(Enterprise.region_code),
    ).where(_within(actor))
