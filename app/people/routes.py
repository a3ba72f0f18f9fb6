"""The routers of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.people.access_log import api as access_log_api
from app.people.access_log import pages as access_log_pages
from app.people.consents import api as consents_api
from app.people.consents import pages as consents_pages
from app.people.directory import api as directory_api
from app.people.legal_names import api as legal_names_api
from app.people.legal_names import pages as legal_names_pages

API = (directory_api.router, legal_names_api.router, consents_api.router, access_log_api.router)
PAGES = (legal_names_pages.router, consents_pages.router, access_log_pages.router)
