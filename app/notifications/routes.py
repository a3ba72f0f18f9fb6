"""The routers of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.notifications import api, pages

API = (api.router,)
PAGES = (pages.router,)
