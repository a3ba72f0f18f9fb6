"""Routers of learning: JSON under ``/api/v1``, pages at ``/``."""

from app.learning.activities import api as activities_api
from app.learning.activities import pages as activities_pages
from app.learning.documents import api as documents_api
from app.learning.documents import pages as documents_pages
from app.learning.extra_attempts import api as extra_attempts_api
from app.learning.extra_attempts import pages as extra_attempts_pages
from app.learning.hand_ins import api as hand_ins_api
from app.learning.hand_ins import pages as hand_ins_pages
from app.learning.packages import api as packages_api
from app.learning.packages import pages as packages_pages
from app.learning.uploads import api as uploads_api

API = (
    activities_api.router,
    hand_ins_api.router,
    uploads_api.router,
    documents_api.router,
    packages_api.router,
    extra_attempts_api.router,
)
PAGES = (
    activities_pages.router,
    hand_ins_pages.router,
    documents_pages.router,
    packages_pages.router,
    extra_attempts_pages.router,
)
