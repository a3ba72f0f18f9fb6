"""Assembles the application: which features there are, in their order, and what each registers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from sqlalchemy import MetaData
from sqlalchemy import text as sql
from sqlmodel import SQLModel

import app.accompaniment.api
import app.accompaniment.pages
import app.accompaniment.service
import app.certificates.api
import app.certificates.api_batches
import app.certificates.api_corrections
import app.certificates.api_livery
import app.certificates.pages
import app.certificates.pages_badges
import app.certificates.pages_batches
import app.certificates.pages_corrections
import app.certificates.pages_livery
import app.codev.api
import app.codev.pages
import app.codev.service
import app.cohorts.api
import app.cohorts.pages
import app.curricula.api
import app.curricula.models
import app.curricula.pages
import app.grading.api
import app.grading.pages
import app.grading.service
import app.idempotency
import app.learning.api
import app.learning.pages
import app.learning.service
import app.mail
import app.network.api
import app.people.api
import app.people.api_consents
import app.people.api_invitations
import app.people.api_names
import app.people.api_oidc
import app.people.api_security
import app.people.api_views
import app.people.pages
import app.people.pages_consents
import app.people.pages_invitations
import app.people.pages_names
import app.people.pages_oidc
import app.people.pages_reset
import app.people.pages_security
import app.people.pages_views
import app.progress.api
import app.progress.pages
import app.reports.api
import app.reports.pages
from app import __version__, text
from app.access import Anyone, Whoever
from app.audit import record
from app.config import Settings
from app.db import Database, SessionDep, rows
from app.gate import Gate
from app.keys import Keyring
from app.openapi import DescribedAPI
from app.people.service_sign_in import cookie_name, recognise
from app.progress import service as progress
from app.web import API, STATIC, add_handlers

METADATA: MetaData = SQLModel.metadata
"""Every table of every feature."""

APIS = (
    app.network.api.router,
    app.people.api.router,
    app.people.api_consents.router,
    app.people.api_invitations.router,
    app.people.api_names.router,
    app.people.api_oidc.router,
    app.people.api_security.router,
    app.people.api_views.router,
    app.curricula.api.router,
    app.cohorts.api.router,
    app.progress.api.router,
    app.learning.api.router,
    app.accompaniment.api.router,
    app.codev.api.router,
    app.grading.api.router,
    app.certificates.api.router,
    app.certificates.api_corrections.router,
    app.certificates.api_batches.router,
    app.certificates.api_livery.router,
    app.reports.api.router,
)

PAGES = (
    app.people.pages.router,
    app.people.pages_consents.router,
    app.people.pages_invitations.router,
    app.people.pages_names.router,
    app.people.pages_oidc.router,
    app.people.pages_reset.router,
    app.people.pages_security.router,
    app.people.pages_views.router,
    app.curricula.pages.router,
    app.cohorts.pages.router,
    app.progress.pages.router,
    app.learning.pages.router,
    app.accompaniment.pages.router,
    app.codev.pages.router,
    app.grading.pages.router,
    app.certificates.pages.router,
    app.certificates.pages_corrections.router,
    app.certificates.pages_batches.router,
    app.certificates.pages_badges.router,
    app.certificates.pages_livery.router,
    app.reports.pages.router,
)

FACTS = (
    progress.ATTENDANCE,
    progress.CATCH_UPS,
    *app.learning.service.FACTS,
    *app.accompaniment.service.FACTS,
    *app.codev.service.FACTS,
    *app.grading.service.FACTS,
)
"""Where the progress projection finds its facts."""


def open_database(url: str, *, pool_size: int = 10, recorded: bool = True) -> Database:
    """The database with everything that belongs to its commit boundary; ``recorded`` is false for a told story only."""
    for source in FACTS:
        progress.register(source)
    steps = (progress.refresh, record) if recorded else (progress.refresh,)
    return Database(url, pool_size=pool_size, before_commit=steps, fact_tables=progress.fact_tables())


health = APIRouter(include_in_schema=False)


@health.get("/health/live")
def live(_: Whoever) -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@health.get("/health/ready")
def ready(_: Anyone, session: SessionDep) -> dict[str, str]:
    """The process can work: the database answers and its migrations are there."""
    revision = rows(session, sql("select version_num from alembic_version"))
    return {"status": "ok", "revision": revision[0][0]}


def create_app(settings: Settings, database: Database, ring: Keyring) -> FastAPI:
    """The web application over a database, with the keys that seal its secrets."""

    @asynccontextmanager
    async def lifespan(site: FastAPI) -> AsyncIterator[None]:
        yield
        site.state.database.dispose()

    site = DescribedAPI(
        cookie=cookie_name(settings),
        title="Escouade",
        version=__version__,
        summary=text.t("api.summary"),
        docs_url=None,  # its pages load from another host; the description itself is at openapi_url
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,  # the redirect would be made of the host that someone named
        lifespan=lifespan,
    )
    site.state.settings = settings
    site.state.database = database
    site.state.identify = recognise
    site.state.keyring = ring
    for router in APIS:
        site.include_router(router, prefix=API + "v1")
    for router in PAGES:
        site.include_router(router)
    site.include_router(health)
    site.mount("/static", StaticFiles(directory=STATIC), name="static")
    add_handlers(site)
    site.add_middleware(Gate, settings=settings)
    return site
