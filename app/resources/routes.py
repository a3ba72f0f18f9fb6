"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.resources.lexicon import api as lexicon_api
from app.resources.lexicon import pages as lexicon_pages

API = (lexicon_api.router,)
PAGES = (lexicon_pages.router,)
