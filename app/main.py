"""The web application: the routes of every feature, over one database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import Depends, FastAPI

from app import __version__
from app.curricula.library import use_folder
from app.curricula.publishing.service import following
from app.deployment import CHECKS
from app.features import FEATURES, JOBS
from app.identity.sign_in.authentication import AUTHENTICATION, cookie_name
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.i18n import t
from app.platform.observability.checkup import Checkup
from app.platform.observability.metrics import POOL_SIZE
from app.platform.observability.requests import RequestLog
from app.platform.observability.tracing import telemetry
from app.platform.security.keyring import Keyring
from app.platform.web import health, public_files
from app.platform.web.assets import serve_asset
from app.platform.web.incoming.methods import check_method
from app.platform.web.incoming.parameters import check_parameters
from app.platform.web.middleware import RequestGuard
from app.platform.web.openapi.description import DescribedAPI
from app.platform.web.pages import API
from app.platform.web.problems import add_handlers

VOCABULARY = Path(__file__).parent / "api_vocabulary.toml"
LICENSE = "Apache-2.0"


def create_app(settings: Settings, database: Database, keyring: Keyring) -> FastAPI:
    """Return the web application over a database, with the keyring that encrypts its secrets."""
    use_folder(settings.curricula_folder)
    site = DescribedAPI(
        cookie=cookie_name(settings),
        vocabulary=VOCABULARY,
        servers=[{"url": settings.base_url.rstrip("/"), "description": t("api.server")}],
        contact={"name": t("api.contact"), "url": settings.base_url.rstrip("/")},
        license_info={"name": LICENSE, "identifier": LICENSE},
        description=t("api.description"),
        title="Escouade",
        version=__version__,
        summary=t("api.summary"),
        docs_url=None,  # these pages load scripts from another host; the description itself is at openapi_url
        redoc_url=None,
        openapi_url="/api/openapi.json",
        redirect_slashes=False,  # the redirect would contain the Host header as received
        lifespan=dispose_database,
        telemetry=telemetry(),
        dependencies=[Depends(check_method), Depends(check_parameters)],
    )
    site.state.settings = settings
    site.state.database = database
    site.state.authentication = AUTHENTICATION
    site.state.keyring = keyring
    site.state.checkup = Checkup(CHECKS)
    site.state.jobs = JOBS
    for feature in FEATURES:
        for router in feature.routes.API:
            site.include_router(router, prefix=API + "v1")
    for feature in FEATURES:
        for router in feature.routes.PAGES:
            site.include_router(router)
    site.include_router(health.router)
    site.include_router(public_files.router)
    site.mount("/static", serve_asset, name="static")
    add_handlers(site)
    site.add_middleware(RequestGuard, settings=settings)
    site.add_middleware(RequestLog)  # around the guard: what it refuses is logged too
    return site


@asynccontextmanager
async def dispose_database(site: FastAPI) -> AsyncIterator[None]:
    """Close the connection pool when the application stops."""
    POOL_SIZE.set(site.state.database.pool_size)  # here, not where it is made: processes are forked in between
    with following(site.state.database):
        yield
    site.state.database.dispose()
