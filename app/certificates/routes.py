"""The routers of certificates: JSON under ``/api/v1``, pages at ``/``."""

from app.certificates.badges import pages as badges_pages
from app.certificates.batches import api as batches_api
from app.certificates.batches import pages as batches_pages
from app.certificates.branding import api as branding_api
from app.certificates.branding import pages as branding_pages
from app.certificates.corrections import api as corrections_api
from app.certificates.corrections import pages as corrections_pages
from app.certificates.documents import api as documents_api
from app.certificates.documents import pages as documents_pages
from app.certificates.employers import api as employers_api
from app.certificates.issuing import api as issuing_api
from app.certificates.issuing import pages as issuing_pages
from app.certificates.register import api as register_api
from app.certificates.register import pages as register_pages

API = (
    issuing_api.router,
    register_api.router,
    documents_api.router,
    batches_api.router,
    corrections_api.router,
    branding_api.router,
    employers_api.router,
)
PAGES = (
    issuing_pages.router,
    register_pages.router,
    documents_pages.router,
    badges_pages.router,
    batches_pages.router,
    corrections_pages.router,
    branding_pages.router,
)
