"""Reading the access log of a person's own file."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import col

from app.network.models import College
from app.people.access_log.schemas import ViewListQuery, ViewShown, ViewSort, ViewsPage, ViewsQuery
from app.people.models import Person, shown_name
from app.platform.audit.models import View
from app.platform.database.paging import Orders, contains_words, fetch_page
from app.platform.database.session import Session
from app.platform.paging import Page
from app.platform.security.actor import Actor

ORDERS: Orders = {ViewSort.MOMENT: (col(View.id),)}


def views_of(db: Session, actor: Actor, query: ViewsQuery) -> ViewsPage:
    """Return who opened the actor's own file, newest first, in every college; one statement."""
    statement = _views(actor)
    if query.after is not None:
        statement = statement.where(col(View.id) < query.after)
    rows = [
        ViewShown.model_validate(r) for r in db.execute(statement.order_by(col(View.id).desc()).limit(query.limit + 1))
    ]
    page = tuple(rows[: query.limit])
    return ViewsPage(items=page, next=page[-1].id if len(rows) > query.limit else None)


def list_views(db: Session, actor: Actor, query: ViewListQuery) -> Page[ViewShown]:
    """Return a page of what :func:`views_of` returns."""
    statement = _views(actor).where(*contains_words(col(Person.search_key), query.words))
    if query.quoi is not None:
        statement = statement.where(col(View.what) == query.quoi)
    return fetch_page(db, statement, query, ORDERS, col(View.id)).map(ViewShown.model_validate)


def _views(actor: Actor) -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(View.id),
            col(View.at),
            shown_name().label("viewer"),
            col(View.role),
            col(View.what),
            col(College.name).label("college"),
            col(College.timezone),
        )
        .join(Person, col(Person.id) == View.viewer_id)
        .join(College, col(College.id) == View.college_id)
        .where(col(View.subject_id) == actor.person_id)
    )
