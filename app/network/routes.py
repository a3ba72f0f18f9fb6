"""The routers of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.network import api

API = (api.router,)
PAGES = ()
