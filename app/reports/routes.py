"""The routes of this room: JSON under ``/api/v1``, pages at ``/``."""

from app.reports import api, pages

API = (api.router,)
PAGES = (pages.router,)
