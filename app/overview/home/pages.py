"""The home page."""

from fastapi import APIRouter, Request, Response

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.cohorts.schemas import CohortsQuery, ListedCohort
from app.network import service as network
from app.operations.deployment.schemas import ServiceState
from app.operations.deployment.service import service_state
from app.overview.home.own import own_of
from app.overview.home.rules import address
from app.overview.home.waiting import COHORTS, waiting_for
from app.platform.database.session import Session
from app.platform.paging import Page
from app.platform.security.actor import Actor
from app.platform.security.guards import OptionalActor
from app.platform.security.permissions import P, Role
from app.platform.web.deps import SessionDep, command_checks_of, report_of
from app.platform.web.pages import SECOND_FACTOR, redirect_after_post, render

router = APIRouter(include_in_schema=False)

MAX_COHORTS = 6


@router.get("/")
def home(reader: OptionalActor, db: SessionDep, request: Request) -> Response:
    """Show the person's enrolments, cohorts and links, according to their roles; without a sign-in, redirect to it."""
    if reader is None:
        return redirect_after_post(SECOND_FACTOR if request.state.pending else "/connexion")
    own_enrolments = enrolments.enrolments_of(db, reader.person_id)
    return render(
        request,
        "people/home.html",
        enrolments=own_enrolments,
        own=own_of(db, reader, own_enrolments),
        waiting=waiting_for(db, reader).parts,
        most_cohorts=COHORTS,
        address=address,
        cohorts=_supervised_cohorts(db, reader),
        issuing_colleges=_issuing_colleges(db, reader),
        service=_service_state(request, reader),
    )


def _service_state(request: Request, reader: Actor) -> ServiceState | None:
    """Return how the service runs, for whoever administers it."""
    if not reader.can(P.SERVICE_OPERATE):
        return None
    return service_state(report_of(request), command_checks_of(request))


def _supervised_cohorts(db: Session, reader: Actor) -> Page[ListedCohort]:
    """Return the newest cohorts that the person oversees; a participant's own cohorts show as enrolments."""
    if not reader.can(P.REPORT_COHORT):
        return Page((), 0)
    return cohorts.list_cohorts(db, reader.using(P.REPORT_COHORT), CohortsQuery(), size=MAX_COHORTS)


def _issuing_colleges(db: Session, reader: Actor) -> list[tuple[int, str]]:
    """Return ``(id, name)`` of the colleges whose certificates the person issues."""
    ids = {grant.college_id for grant in reader.grants if grant.role is Role.REGISTRAR}
    return [(c.id, c.name) for c in network.colleges(db) if c.id in ids]
