"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.attendance.calendar import api as calendar_api
from app.attendance.calendar import pages as calendar_pages
from app.attendance.catch_ups import api as catch_ups_api
from app.attendance.catch_ups import pages as catch_ups_pages
from app.attendance.check_ins import api as check_ins_api
from app.attendance.check_ins import pages as check_ins_pages
from app.attendance.roll_calls import api as roll_calls_api
from app.attendance.roll_calls import pages as roll_calls_pages
from app.attendance.series import api as series_api
from app.attendance.series import pages as series_pages
from app.attendance.sheets import api as sheets_api
from app.attendance.sheets import pages as sheets_pages

API = (
    calendar_api.router,
    series_api.router,
    roll_calls_api.router,
    check_ins_api.router,
    sheets_api.router,
    catch_ups_api.router,
)
PAGES = (
    calendar_pages.router,
    series_pages.router,
    roll_calls_pages.router,
    check_ins_pages.router,
    sheets_pages.router,
    catch_ups_pages.router,
)
