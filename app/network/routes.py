"""The routers of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.network import api, pages
from app.network.colleges import api as colleges_api
from app.network.colleges import pages as colleges_pages
from app.network.projects import api as projects_api
from app.network.projects import pages as projects_pages
from app.network.venues import api as venues_api
from app.network.venues import pages as venues_pages

API = (api.router, colleges_api.router, projects_api.router, venues_api.router)
PAGES = (pages.router, colleges_pages.router, projects_pages.router, venues_pages.router)
