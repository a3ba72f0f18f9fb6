"""The routers of transfers: JSON under ``/api/v1``, pages at ``/``."""

from app.transfers import api, pages

API = (api.router,)
PAGES = (pages.router,)
