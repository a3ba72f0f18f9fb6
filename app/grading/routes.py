"""Routers of grading: JSON under ``/api/v1``, pages at ``/``."""

from app.grading import api, pages
from app.grading.drafts import api as drafts
from app.grading.works import api as works_api
from app.grading.works import pages as works_pages

API = (api.router, drafts.router, works_api.router)
PAGES = (pages.router, works_pages.router)
