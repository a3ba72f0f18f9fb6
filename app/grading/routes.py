"""Routers of grading: JSON under ``/api/v1``, pages at ``/``."""

from app.grading import api, pages
from app.grading.assignments import api as assignments_api
from app.grading.assignments import pages as assignments_pages
from app.grading.comments import api as comments_api
from app.grading.comments import pages as comments
from app.grading.conflicts import api as conflicts_api
from app.grading.conflicts import pages as conflicts_pages
from app.grading.drafts import api as drafts
from app.grading.levels import api as levels_api
from app.grading.panels import api as panels_api
from app.grading.panels import pages as panels_pages
from app.grading.team_traces import api as team_traces_api
from app.grading.team_traces import pages as team_traces_pages
from app.grading.works import api as works_api
from app.grading.works import pages as works_pages

API = (
    api.router,
    comments_api.router,
    panels_api.router,
    levels_api.router,
    conflicts_api.router,
    drafts.router,
    works_api.router,
    assignments_api.router,
    team_traces_api.router,
)
PAGES = (
    comments.router,
    pages.router,
    panels_pages.router,
    works_pages.router,
    assignments_pages.router,
    conflicts_pages.router,
    team_traces_pages.router,
)
