"""The routes of this room: JSON under ``/api/v1``, pages at ``/``."""

from app.progress import api

API = (api.router,)
PAGES = ()
