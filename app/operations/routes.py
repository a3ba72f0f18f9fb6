"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.operations.deployment import api as deployment_api
from app.operations.deployment import pages as deployment_pages

API = (deployment_api.router,)
PAGES = (deployment_pages.router,)
