"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.cohorts import api, pages
from app.cohorts.announcements import api as announcements_api
from app.cohorts.announcements import pages as announcements_pages
from app.cohorts.applications import api as applications_api
from app.cohorts.applications import pages as applications_pages
from app.cohorts.conditions import api as conditions_api
from app.cohorts.enrolments import api as enrolments_api
from app.cohorts.enrolments import pages as enrolments_pages
from app.cohorts.imports import api as imports_api
from app.cohorts.imports import pages as imports_pages
from app.cohorts.lifecycle import api as lifecycle_api
from app.cohorts.lifecycle import pages as lifecycle_pages
from app.cohorts.offer import pages as offer_pages
from app.cohorts.proposals import api as proposals_api
from app.cohorts.proposals import pages as proposals_pages
from app.cohorts.settings import api as settings_api
from app.cohorts.settings import pages as settings_pages
from app.cohorts.unreachable import api as unreachable_api
from app.cohorts.unreachable import pages as unreachable_pages
from app.cohorts.waitlist import api as waitlist_api
from app.cohorts.waitlist import pages as waitlist_pages

API = (
    api.router,
    lifecycle_api.router,
    enrolments_api.router,
    imports_api.router,
    proposals_api.router,
    settings_api.router,
    applications_api.router,
    waitlist_api.router,
    conditions_api.router,
    announcements_api.router,
    unreachable_api.router,
)
PAGES = (
    pages.router,
    imports_pages.router,
    lifecycle_pages.router,
    enrolments_pages.router,
    offer_pages.router,
    proposals_pages.router,
    settings_pages.router,
    applications_pages.router,
    waitlist_pages.router,
    announcements_pages.router,
    unreachable_pages.router,
)
