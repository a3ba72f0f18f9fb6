"""Health checks: liveness of the process, readiness of the database."""

from fastapi import APIRouter
from sqlalchemy import text

from app.platform.database.rows import fetch_all
from app.platform.security.guards import NoActor, OptionalActor
from app.platform.web.deps import SessionDep

router = APIRouter(include_in_schema=False)


@router.get("/health/live")
def live(_: NoActor) -> dict[str, str]:
    """Return that the process responds."""
    return {"status": "ok"}


@router.get("/health/ready")
def ready(_: OptionalActor, db: SessionDep) -> dict[str, str]:
    """Return that the database responds, with the migration that it is at."""
    revision = fetch_all(db, text("select version_num from alembic_version"))
    return {"status": "ok", "revision": revision[0][0]}
