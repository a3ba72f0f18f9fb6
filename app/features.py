"""The features, in import order: each may import only those listed before it (docs/decisions/0013)."""

from dataclasses import dataclass
from types import ModuleType

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from app.accompaniment import facts as accompaniment_facts
from app.accompaniment import figures as accompaniment_figures
from app.accompaniment import routes as accompaniment_routes
from app.attendance import facts as attendance_facts
from app.attendance import jobs as attendance_jobs
from app.attendance import routes as attendance_routes
from app.certificates import figures as certificates_figures
from app.certificates import jobs as certificates_jobs
from app.certificates import routes as certificates_routes
from app.codev import facts as codev_facts
from app.codev import jobs as codev_jobs
from app.codev import routes as codev_routes
from app.cohorts import figures as cohorts_figures
from app.cohorts import jobs as cohorts_jobs
from app.cohorts import routes as cohorts_routes
from app.community import routes as community_routes
from app.curricula import routes as curricula_routes
from app.grading import facts as grading_facts
from app.grading import routes as grading_routes
from app.holds import routes as holds_routes
from app.identity import jobs as identity_jobs
from app.identity import routes as identity_routes
from app.learning import facts as learning_facts
from app.learning import jobs as learning_jobs
from app.learning import routes as learning_routes
from app.network import routes as network_routes
from app.notifications import jobs as notifications_jobs
from app.notifications import routes as notifications_routes
from app.operations import routes as operations_routes
from app.overview import routes as overview_routes
from app.people import routes as people_routes
from app.platform.jobs import upkeep
from app.platform.jobs.job import AnyJob
from app.platform.kept_figures import KeptFigure
from app.progress import figures as progress_figures
from app.progress import jobs as progress_jobs
from app.progress import routes as progress_routes
from app.progress.service import ENROLMENTS, FactSource
from app.recognition import facts as recognition_facts
from app.recognition import routes as recognition_routes
from app.reports import figures as reports_figures
from app.reports import jobs as reports_jobs
from app.reports import routes as reports_routes
from app.resources import routes as resources_routes
from app.transfers import facts as transfers_facts
from app.transfers import routes as transfers_routes


@dataclass(frozen=True)
class Feature:
    """A feature of the application: its name, its routes, its sources of facts for progress, its background work.

    ``figures`` are what the database keeps for it instead of counting.
    """

    name: str
    routes: ModuleType
    facts: tuple[FactSource, ...] = ()
    jobs: tuple[AnyJob, ...] = ()
    figures: tuple[KeptFigure, ...] = ()


FEATURES = (
    Feature("network", network_routes),
    Feature("people", people_routes),
    Feature("identity", identity_routes, jobs=identity_jobs.JOBS),
    Feature("notifications", notifications_routes, jobs=notifications_jobs.JOBS),
    Feature("curricula", curricula_routes),
    Feature("resources", resources_routes),
    Feature("cohorts", cohorts_routes, jobs=cohorts_jobs.JOBS, figures=cohorts_figures.FIGURES),
    Feature("progress", progress_routes, (ENROLMENTS,), jobs=progress_jobs.JOBS, figures=progress_figures.FIGURES),
    Feature("attendance", attendance_routes, attendance_facts.FACTS, jobs=attendance_jobs.JOBS),
    Feature("learning", learning_routes, learning_facts.FACTS, jobs=learning_jobs.JOBS),
    Feature("accompaniment", accompaniment_routes, accompaniment_facts.FACTS, figures=accompaniment_figures.FIGURES),
    Feature("codev", codev_routes, codev_facts.FACTS, jobs=codev_jobs.JOBS),
    Feature("holds", holds_routes),
    Feature("grading", grading_routes, grading_facts.FACTS),
    Feature("recognition", recognition_routes, recognition_facts.FACTS),
    Feature("transfers", transfers_routes, transfers_facts.FACTS),
    Feature("certificates", certificates_routes, jobs=certificates_jobs.JOBS, figures=certificates_figures.FIGURES),
    Feature("reports", reports_routes, jobs=reports_jobs.JOBS, figures=reports_figures.FIGURES),
    Feature("community", community_routes),
    Feature("operations", operations_routes),
    Feature("overview", overview_routes),
)

JOBS: tuple[AnyJob, ...] = (*upkeep.JOBS, *(job for feature in FEATURES for job in feature.jobs))

FIGURES: tuple[KeptFigure, ...] = tuple(figure for feature in FEATURES for figure in feature.figures)
"""What is kept, in an order in which each counts those before it."""

METADATA: MetaData = SQLModel.metadata
"""Every table: importing this module imports every feature, and with it every model."""
