"""The routers of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.notifications import api, pages
from app.notifications.preferences import api as preferences_api
from app.notifications.preferences import pages as preferences_pages

API = (api.router, preferences_api.router)
PAGES = (pages.router, preferences_pages.router)
