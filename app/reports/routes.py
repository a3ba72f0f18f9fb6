"""Routers of reports: JSON under ``/api/v1``, pages at ``/``."""

from app.reports import api, pages

API = (api.router,)
PAGES = (pages.router,)
