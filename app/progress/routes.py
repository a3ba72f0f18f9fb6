"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.progress import api

API = (api.router,)
PAGES = ()
