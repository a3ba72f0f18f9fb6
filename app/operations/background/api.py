"""JSON routes for background jobs."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from app.operations.background import service
from app.operations.background.schemas import FailedJobs, FailedJobShown
from app.operations.background.service import see_failed_job
from app.platform.jobs.status import JobsStatus, jobs_status
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import JobsDep, SessionDep

router = APIRouter(tags=["operations"])
MayOperate = Annotated[Actor, may(P.SERVICE_OPERATE)]


@router.get("/operations/jobs", summary="Background jobs")
def read_jobs(_: MayOperate, db: SessionDep, jobs: JobsDep) -> JobsStatus:
    """Return how each kind of background job stands, and the processes that run them with their last sign of life."""
    return jobs_status(db, jobs)


@router.get("/operations/failed-jobs", summary="Background jobs that failed")
def read_failed(_: MayOperate, db: SessionDep) -> FailedJobs:
    """Return the jobs that were tried too often, newest first; 1 000 at most."""
    return service.failed_jobs(db)


@router.post(
    "/operations/failed-jobs/{job_id}/retries", status_code=status.HTTP_204_NO_CONTENT, summary="Run a failed job again"
)
def retry(job: Annotated[FailedJobShown, seen(see_failed_job, P.SERVICE_OPERATE)], db: SessionDep) -> Response:
    """Let the job run again, from its first try."""
    service.retry(db, job)
    return Response(status_code=status.HTTP_204_NO_CONTENT)
