"""Routers of the network of advisors: JSON under ``/api/v1``, pages at ``/``."""

from app.community.profiles import api as profiles_api
from app.community.profiles import pages as profiles_pages

API = (profiles_api.router,)
PAGES = (profiles_pages.router,)
