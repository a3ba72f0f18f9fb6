"""Assembles the application: which features there are, in their order, and what each registers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles
from sqlalchemy import text as text_sql

from app import text
from app.access import Anyone
from app.config import Settings
from app.db import Database, SessionDep, rows
from app.people.service import recognise
from app.progress import service as progress
from app.web import API, STATIC, add_handlers, add_protection

FEATURES = (
    "network", "people", "curricula", "cohorts", "progress", "learning",
    "accompaniment", "codev", "grading", "certificates", "reports",
)  # fmt: skip


def _modules(name: str) -> Iterator[ModuleType]:
    for feature in FEATURES:
        if find_spec(f"app.{feature}.{name}") is not None:
            yield import_module(f"app.{feature}.{name}")


def wire() -> None:
    """Tell the progress projection where facts come from."""
    progress.register(progress.ATTENDANCE)
    progress.register(progress.CATCH_UPS)
    for module in _modules("service"):
        for source in getattr(module, "FACTS", ()):
            progress.register(source)


def open_database(url: str, *, pool_size: int = 10) -> Database:
    """The database with everything that belongs to its commit boundary."""
    wire()
    return Database(
        url, pool_size=pool_size, before_commit=(progress.refresh,), fact_tables=progress.fact_tables()
    )


health = APIRouter(include_in_schema=False)


@health.get("/health/live")
def live(_: Anyone) -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@health.get("/health/ready")
def ready(_: Anyone, session: SessionDep) -> dict[str, str]:
    """The process can work: the database answers and its migrations are there."""
    revision = rows(session, text_sql("select version_num from alembic_version"))
    return {"status": "ok", "revision": revision[0][0]}


def create_app(settings: Settings, database: Database) -> FastAPI:
    """The web application over a database."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        database.dispose()

    app = FastAPI(
        title="Escouade",
        version="0.1.0",
        summary=text.t("api.summary"),
        docs_url=None if settings.environment == "production" else "/api/docs",
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=lifespan,
        swagger_ui_parameters={"persistAuthorization": True},
    )
    app.state.settings = settings
    app.state.database = database
    app.state.identify = recognise
    for module in _modules("api"):
        app.include_router(module.router, prefix=API + "v1")
    for module in _modules("pages"):
        app.include_router(module.router)
    app.include_router(health)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    add_handlers(app)
    add_protection(app, settings.origin)
    add_language(app, english=settings.english)
    return app


def add_language(app: FastAPI, *, english: bool) -> None:
    """French for everyone; English for who asks for it, where the deployment offers it."""

    @app.middleware("http")
    async def speak(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        asks = english and request.headers.get("accept-language", "").lower().startswith("en")
        token = text.language.set("en" if asks else "fr")
        try:
            return await call_next(request)
        finally:
            text.language.reset(token)
