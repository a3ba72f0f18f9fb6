"""The routers of recognition of prior learning: JSON under ``/api/v1``, pages at ``/``."""

from app.recognition import api, pages

API = (api.router,)
PAGES = (pages.router,)
