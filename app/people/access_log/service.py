"""Reading the access log of a person's own file."""

import sqlalchemy as sa
from sqlmodel import col

from app.network.models import College
from app.people.access_log.schemas import ViewShown, ViewsPage, ViewsQuery
from app.people.models import Person, shown_name
from app.platform.audit.models import View
from app.platform.database.session import Session
from app.platform.security.actor import Actor


def views_of(db: Session, actor: Actor, query: ViewsQuery) -> ViewsPage:
    """Return who opened the actor's own file, newest first, in every college; one statement."""
    conditions = [col(View.subject_id) == actor.person_id]
    if query.after is not None:
        conditions.append(col(View.id) < query.after)
    views = db.execute(
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
        .where(*conditions)
        .order_by(col(View.id).desc())
        .limit(query.limit + 1)
    )
    rows = [ViewShown.model_validate(row) for row in views]
    page = tuple(rows[: query.limit])
    return ViewsPage(items=page, next=page[-1].id if len(rows) > query.limit else None)
