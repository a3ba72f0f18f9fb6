"""Health: whether the process answers, and whether it can work."""

from fastapi import APIRouter
from sqlalchemy import text

from app.platform.database.rows import fetch_all
from app.platform.security.guards import NoActor, OptionalActor
from app.platform.web.deps import SessionDep

router = APIRouter(include_in_schema=False)


@router.get("/health/live")
def live(_: NoActor) -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/health/ready")
def ready(_: OptionalActor, db: SessionDep) -> dict[str, str]:
    """The process can work: the database answers and its migrations are there."""
    revision = fetch_all(db, text("select version_num from alembic_version"))
    return {"status": "ok", "revision": revision[0][0]}
