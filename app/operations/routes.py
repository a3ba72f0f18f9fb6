"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.operations.background import api as background_api
from app.operations.background import pages as background_pages
from app.operations.deployment import api as deployment_api
from app.operations.deployment import pages as deployment_pages
from app.operations.letters import api as letters_api
from app.operations.letters import pages as letters_pages

API = (deployment_api.router, background_api.router, letters_api.router)
PAGES = (deployment_pages.router, background_pages.router, letters_pages.router)
