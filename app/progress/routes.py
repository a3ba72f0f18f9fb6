"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.progress import api
from app.progress.version_preview import api as version_preview_api
from app.progress.version_preview import pages as version_preview_pages

API = (api.router, version_preview_api.router)
PAGES = (version_preview_pages.router,)
