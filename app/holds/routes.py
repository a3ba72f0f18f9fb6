"""The routers of holds: JSON under ``/api/v1``, pages at ``/``."""

from app.holds import api, pages

API = (api.router,)
PAGES = (pages.router,)
