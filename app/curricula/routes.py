"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.curricula import api, pages

API = (api.router,)
PAGES = (pages.router,)
