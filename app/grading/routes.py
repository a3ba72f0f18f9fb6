"""Routers of grading: JSON under ``/api/v1``, pages at ``/``."""

from app.grading import api, pages

API = (api.router,)
PAGES = (pages.router,)
