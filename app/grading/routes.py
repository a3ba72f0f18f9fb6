"""Routers of grading: JSON under ``/api/v1``, pages at ``/``."""

from app.grading import api, pages
from app.grading.drafts import api as drafts

API = (api.router, drafts.router)
PAGES = (pages.router,)
