"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.resources.corrections import api as corrections_api
from app.resources.corrections import pages as corrections_pages
from app.resources.directory import api as directory_api
from app.resources.directory import pages as directory_pages
from app.resources.lexicon import api as lexicon_api
from app.resources.lexicon import pages as lexicon_pages

API = (lexicon_api.router, directory_api.router, corrections_api.router)
PAGES = (lexicon_pages.router, corrections_pages.router, directory_pages.router)
