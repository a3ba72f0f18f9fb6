"""The views of a person's file, for that person."""

from sqlalchemy import select as columns
from sqlmodel import col

from app.access import Actor
from app.audit import View
from app.db import Session
from app.network.models import College
from app.people.models import Person, shown_name
from app.people.schemas_views import ViewShown, ViewsPage, ViewsQuery


def views_of(session: Session, actor: Actor, query: ViewsQuery) -> ViewsPage:
    """Who saw the actor's own file, newest first, whatever the college; one statement."""
    mine = [col(View.subject_id) == actor.person_id]
    if query.after is not None:
        mine.append(col(View.id) < query.after)
    found = session.execute(
        columns(
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
        .where(*mine)
        .order_by(col(View.id).desc())
        .limit(query.limit + 1)
    )
    rows = [ViewShown.model_validate(row) for row in found]
    shown = tuple(rows[: query.limit])
    return ViewsPage(items=shown, next=shown[-1].id if len(rows) > query.limit else None)
