"""The page of background jobs."""

from datetime import timedelta
from typing import Annotated

from fastapi import Query, Request, Response

from app.operations.background import service
from app.operations.background.schemas import FailedJobShown, FailedJobsQuery
from app.operations.background.service import see_failed_job
from app.platform.clock import now
from app.platform.jobs.status import jobs_status
from app.platform.messages.i18n import job_name
from app.platform.observability.checks import LATE
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import JobsDep, SessionDep
from app.platform.web.forms import form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render

router = page_router()
PATH = "/administration/travaux"
SILENT = timedelta(seconds=30)
"""After how long without a sign of life a process of jobs is shown as silent; it gives one every two seconds."""


@router.get(PATH)
def jobs_page(
    _: Annotated[Actor, may(P.SERVICE_OPERATE)],
    db: SessionDep,
    request: Request,
    jobs: JobsDep,
    query: Annotated[FailedJobsQuery, Query()],
) -> Response:
    """Show the kinds of jobs, the processes that run them, and the jobs that failed."""
    return render(
        request,
        "operations/jobs.html",
        jobs=jobs_status(db, jobs),
        failed=ListView(PATH, query, service.list_failed(db, query)),
        job_name=job_name,
        late_before=now() - LATE,
        silent_before=now() - SILENT,
    )


@router.post(PATH + "/{job_id}/reprise", dependencies=[form_on(PATH)])
def retry(job: Annotated[FailedJobShown, seen(see_failed_job, P.SERVICE_OPERATE)], db: SessionDep) -> Response:
    """Let a failed job run again, then show the page again."""
    service.retry(db, job)
    return redirect_after_post(PATH)
