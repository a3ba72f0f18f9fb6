"""The routers of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.network import api, pages
from app.network.colleges import api as colleges_api
from app.network.colleges import pages as colleges_pages

API = (api.router, colleges_api.router)
PAGES = (pages.router, colleges_pages.router)
