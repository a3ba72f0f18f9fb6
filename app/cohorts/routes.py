"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.cohorts import api, pages
from app.cohorts.enrolments import api as enrolments_api
from app.cohorts.enrolments import pages as enrolments_pages
from app.cohorts.offer import pages as offer_pages

API = (api.router, enrolments_api.router)
PAGES = (pages.router, enrolments_pages.router, offer_pages.router)
