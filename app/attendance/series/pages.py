"""HTML pages of weekly series: the form, what the series would be, its confirmation."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import Form, Query, Request, Response

from app.attendance.series import service
from app.attendance.series.schemas import ConfirmSeries, ConfirmTyped, SeriesToChange, SeriesTyped
from app.cohorts.schemas import CohortRef
from app.cohorts.service import see_cohort
from app.curricula.enums import GROUP_MODES, Mode
from app.network.venues.service import venues_offered
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.pages import redirect_after_post, render

router = page_router()
Planner = Annotated[Actor, may(P.SESSION_MANAGE)]
PlannedCohort = Annotated[CohortRef, seen(see_cohort, P.SESSION_MANAGE)]

FORM = "/cohortes/{cohort_id}/seances/serie"
NAMES = ("activity_code", "day", "clock", "number", "until", "skipping", "with_holidays", "mode", "place", "venue_id")
CONFIRM = f"{FORM}/apercu?{'&'.join(f'{name}={{{name}}}' for name in NAMES)}"


@router.get(FORM)
def series_form(
    request: Request, db: SessionDep, cohort: PlannedCohort, query: Annotated[SeriesToChange, Query()]
) -> Response:
    """Show the form of a weekly series, empty or as it was typed, with the activities that have no session yet."""
    return render(
        request,
        "cohorts/series.html",
        cohort=cohort,
        values=query,
        activities=service.activities_left(db, cohort),
        venues=venues_offered(db, cohort.college_id),
        modes=[m for m in Mode if m in GROUP_MODES],
    )


@router.post(FORM, dependencies=[form_on(FORM)])
def check_series(
    actor: Planner, db: SessionDep, cohort: PlannedCohort, form: Annotated[SeriesTyped, Form()]
) -> Response:
    """Lead to what the series would be, unless it is refused: nothing is written yet."""
    service.preview(db, actor, cohort, form)
    return redirect_after_post(f"/cohortes/{cohort.id}/seances/serie/apercu?{urlencode(_values(form))}")


def _values(form: SeriesTyped) -> dict[str, object]:
    """Return a series as its forms send it."""
    sent = form.model_dump(mode="json", include=set(NAMES))
    return {name: value for name, value in {**sent, "skipping": " ".join(sent["skipping"])}.items() if value}


@router.get(FORM + "/apercu")
def confirm_series(
    request: Request, actor: Planner, db: SessionDep, cohort: PlannedCohort, query: Annotated[SeriesTyped, Query()]
) -> Response:
    """Show all days of a series, what each clashes with, and the form that plans them."""
    preview, values = service.preview(db, actor, cohort, query), _values(query)
    return render(
        request,
        "cohorts/series_preview.html",
        cohort=cohort,
        preview=preview,
        values=values,
        takes_link=any(session.mode is not Mode.onsite for session in preview.sessions),
        again=f"/cohortes/{cohort.id}/seances/serie?{urlencode(values)}",
    )


@router.post(FORM + "/apercu", dependencies=[form_on(CONFIRM)])
def plan_series(
    actor: Planner, db: SessionDep, cohort: PlannedCohort, form: Annotated[ConfirmTyped, Form()]
) -> Response:
    """Plan all sessions of a series."""
    service.plan_series(db, actor, cohort, ConfirmSeries(**form.model_dump()))
    return redirect_after_post(f"/cohortes/{cohort.id}/seances")
