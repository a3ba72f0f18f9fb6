"""Pages of cohorts: the list, the board, applications, cohorts open to applications."""

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response

from app.cohorts import service as cohorts
from app.cohorts.enrolments import service
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.cohorts.page_context import cohort_context
from app.cohorts.rules import SEATED, late_join_limit
from app.cohorts.schemas import CohortRef
from app.platform.database.session import Session
from app.platform.errors import DomainError, NotFound
from app.platform.messages.i18n import explain, explain_error, today
from app.platform.security.actor import Actor
from app.platform.security.guards import may
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.pages import redirect_after_post, render

router = APIRouter(include_in_schema=False)


# Applications -----------------------------------------------------------------------------------


@router.get("/cohortes/{cohort_id}/candidatures")
def applications(
    request: Request, actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], db: SessionDep, cohort_id: int
) -> Response:
    """Applications to answer, and those answered."""
    found = cohorts.see_cohort(db, actor, cohort_id)
    return render(request, "cohorts/applications.html", **_applications(db, found), refused={})


def _applications(db: Session, cohort: CohortRef) -> dict[str, Any]:
    found = service.applications(db, cohort)
    limit = late_join_limit(cohort.starts_on, cohort.ends_on, cohort.late_join_pct)
    return {
        "cohort": cohort,
        "waiting": [a for a in found if a.state is EnrolmentState.APPLIED],
        "admitted": [a for a in found if a.state is EnrolmentState.ADMITTED],
        "answered": [a for a in found if a.state not in {EnrolmentState.APPLIED, EnrolmentState.ADMITTED}],
        "seated": sum(a.state in SEATED for a in found),
        "limit": limit,
        "is_late": max(today(cohort.timezone), cohort.starts_on) > limit,
        **cohort_context(db, cohort),
    }


@router.post("/cohortes/{cohort_id}/candidatures/{enrolment_id}")
def answer(
    request: Request,
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    cohort_id: int,
    *,
    enrolment_id: int,
    form: Annotated[MoveCommand, Form()],
) -> Response:
    """Admit, refuse or activate one person; a refusal says why beside them, what was typed kept."""
    cohort = cohorts.see_cohort(db, actor, cohort_id)
    enrolment = service.see_enrolment(db, actor, enrolment_id)
    if enrolment.cohort_id != cohort.id:
        raise NotFound
    try:
        service.move(db, actor, enrolment, form)
    except DomainError as error:
        said = [explain(r) for r in error.reasons] or [explain_error(error)]
        refused = {enrolment_id: {"said": said, "typed": form}}
        values = _applications(db, cohort)
        return render(request, "cohorts/applications.html", status=error.status, refused=refused, **values)
    return redirect_after_post(f"/cohortes/{cohort_id}/candidatures")


@router.post("/cohortes/{cohort_id}/demarrage")
def start(actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)], db: SessionDep, cohort_id: int) -> Response:
    """Make everyone admitted active."""
    service.start(db, actor, cohorts.see_cohort(db, actor, cohort_id))
    return redirect_after_post(f"/cohortes/{cohort_id}")


@router.post("/inscriptions/{enrolment_id}/etat")
def move(
    actor: Annotated[Actor, may(P.ENROLMENT_MANAGE)],
    db: SessionDep,
    enrolment_id: int,
    form: Annotated[MoveCommand, Form()],
) -> Response:
    """Change the enrolment's state."""
    service.move(db, actor, service.see_enrolment(db, actor, enrolment_id), form)
    return redirect_after_post(f"/inscriptions/{enrolment_id}")
