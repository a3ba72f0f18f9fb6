"""Signing in and out, and the home page of each role."""

from collections.abc import Iterable

from fastapi import APIRouter, Request, Response

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.network import service as network
from app.platform.database.session import Session
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor
from app.platform.security.permissions import P, Role
from app.platform.web.deps import SessionDep
from app.platform.web.pages import SECOND_FACTOR, redirect_after_post, render

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(reader: OptionalActor, db: SessionDep, request: Request) -> Response:
    """What waits for the person, by the roles they hold."""
    if reader is None:
        return redirect_after_post(SECOND_FACTOR if request.state.pending else "/connexion")
    return render(
        request,
        "people/home.html",
        paths=enrolments.enrolments_of(db, reader.person_id),
        cohorts=_followed(db, reader),
        issuing=_issuing(db, reader),
    )


def _followed(db: Session, reader: Actor) -> Iterable[object]:
    """Cohorts that the person looks after; a participant's own come as paths."""
    return cohorts.cohorts(db, reader.using(P.REPORT_COHORT)) if reader.can(P.REPORT_COHORT) else ()


def _issuing(db: Session, reader: Actor) -> list[tuple[int, str]]:
    """Colleges whose certificates the person issues."""
    ids = {held.college_id for held in reader.grants if held.role is Role.REGISTRAR}
    return [(c.id, c.name) for c in network.colleges(db) if c.id in ids]
