"""The features in their one order: each may import only what stands before it (docs/decisions/0013)."""

from dataclasses import dataclass
from types import ModuleType

from sqlalchemy import MetaData
from sqlmodel import SQLModel

from app.accompaniment import facts as accompaniment_facts
from app.accompaniment import routes as accompaniment_routes
from app.attendance import facts as attendance_facts
from app.attendance import routes as attendance_routes
from app.certificates import routes as certificates_routes
from app.codev import facts as codev_facts
from app.codev import routes as codev_routes
from app.cohorts import routes as cohorts_routes
from app.curricula import routes as curricula_routes
from app.grading import facts as grading_facts
from app.grading import routes as grading_routes
from app.identity import routes as identity_routes
from app.learning import facts as learning_facts
from app.learning import routes as learning_routes
from app.network import routes as network_routes
from app.overview import routes as overview_routes
from app.people import routes as people_routes
from app.progress import routes as progress_routes
from app.progress.service import ENROLMENTS, FactSource
from app.reports import routes as reports_routes


@dataclass(frozen=True)
class Feature:
    """A room of the application: its routes, and the facts that it gives to progress."""

    name: str
    routes: ModuleType
    facts: tuple[FactSource, ...] = ()


FEATURES = (
    Feature("network", network_routes),
    Feature("people", people_routes),
    Feature("identity", identity_routes),
    Feature("curricula", curricula_routes),
    Feature("cohorts", cohorts_routes),
    Feature("progress", progress_routes, (ENROLMENTS,)),
    Feature("attendance", attendance_routes, attendance_facts.FACTS),
    Feature("learning", learning_routes, learning_facts.FACTS),
    Feature("accompaniment", accompaniment_routes, accompaniment_facts.FACTS),
    Feature("codev", codev_routes, codev_facts.FACTS),
    Feature("grading", grading_routes, grading_facts.FACTS),
    Feature("certificates", certificates_routes),
    Feature("reports", reports_routes),
    Feature("overview", overview_routes),
)

METADATA: MetaData = SQLModel.metadata
"""Every table: importing this module imports every room, and with it every model."""
