"""Routers of accompaniment: JSON under ``/api/v1``, pages at ``/``."""

from app.accompaniment.confirmations import api as confirmations_api
from app.accompaniment.confirmations import pages as confirmations_pages
from app.accompaniment.enterprises import api as enterprises_api
from app.accompaniment.enterprises import pages as enterprises_pages
from app.accompaniment.field_hours import api as field_hours_api
from app.accompaniment.field_hours import pages as field_hours_pages
from app.accompaniment.mandates import api as mandates_api
from app.accompaniment.mandates import pages as mandates_pages

API = (
    mandates_api.router,
    confirmations_api.router,
    enterprises_api.router,
    field_hours_api.router,
)  # /enterprises/accompanied before /enterprises/{enterprise_id}
PAGES = (enterprises_pages.router, mandates_pages.router, confirmations_pages.router, field_hours_pages.router)
