"""Routers of codevelopment: JSON under ``/api/v1``, pages at ``/``."""

from app.codev.actions import api as actions_api
from app.codev.actions import pages as actions_pages
from app.codev.confirmations import api as confirmations_api
from app.codev.confirmations import pages as confirmations_pages
from app.codev.contracts import api as contracts_api
from app.codev.contracts import pages as contracts_pages
from app.codev.destruction import api as destruction_api
from app.codev.destruction import pages as destruction_pages
from app.codev.entrances import api as entrances_api
from app.codev.entrances import pages as entrances_pages
from app.codev.extracts import api as extracts_api
from app.codev.extracts import pages as extracts_pages
from app.codev.groups import api as groups_api
from app.codev.groups import pages as groups_pages
from app.codev.handovers import api as handovers_api
from app.codev.handovers import pages as handovers_pages
from app.codev.journal import api as journal_api
from app.codev.journal import pages as journal_pages
from app.codev.live import api as live_api
from app.codev.live import pages as live_pages
from app.codev.own_file import api as own_file_api
from app.codev.own_file import pages as own_file_pages
from app.codev.own_texts import api as own_texts_api
from app.codev.own_texts import pages as own_texts_pages
from app.codev.protocols import api as protocols_api
from app.codev.protocols import pages as protocols_pages
from app.codev.ratings import api as ratings_api
from app.codev.ratings import pages as ratings_pages
from app.codev.records import api as records_api
from app.codev.sessions import api as sessions_api
from app.codev.sessions import pages as sessions_pages
from app.codev.sheets import api as sheets_api
from app.codev.sheets import pages as sheets_pages
from app.codev.writings import api as writings_api
from app.codev.writings import pages as writings_pages

API = (
    groups_api.router,
    contracts_api.router,
    entrances_api.router,
    protocols_api.router,
    sessions_api.router,
    handovers_api.router,
    records_api.router,
    confirmations_api.router,
    live_api.router,
    sheets_api.router,
    writings_api.router,
    ratings_api.router,
    actions_api.router,
    journal_api.router,
    own_texts_api.router,
    own_file_api.router,
    extracts_api.router,
    destruction_api.router,
)
PAGES = (
    groups_pages.router,
    contracts_pages.router,
    entrances_pages.router,
    protocols_pages.router,
    sessions_pages.router,
    handovers_pages.router,
    confirmations_pages.router,
    live_pages.router,
    sheets_pages.router,
    writings_pages.router,
    ratings_pages.router,
    actions_pages.router,
    journal_pages.router,
    own_texts_pages.router,
    own_file_pages.router,
    extracts_pages.router,
    destruction_pages.router,
)
