"""The routes of this feature: JSON under ``/api/v1``, pages at ``/``."""

from app.overview.activity import pages as activity_pages
from app.overview.applications import pages as applications_pages
from app.overview.calendar import api as calendar_api
from app.overview.calendar import pages as calendar_pages
from app.overview.cohort import pages as cohort_pages
from app.overview.cohort_change import api as cohort_change_api
from app.overview.cohort_change import pages as cohort_change_pages
from app.overview.cohort_team import api as cohort_team_api
from app.overview.cohort_team import pages as cohort_team_pages
from app.overview.college import pages as college_pages
from app.overview.college_cohorts import api as college_cohorts_api
from app.overview.college_cohorts import pages as college_cohorts_pages
from app.overview.enrolment import api as enrolment_api
from app.overview.enrolment import pages as enrolment_pages
from app.overview.home import api as home_api
from app.overview.home import pages as home_pages
from app.overview.late_join import api as late_join_api
from app.overview.late_join import pages as late_join_pages
from app.overview.path import pages as path_pages
from app.overview.portfolio import api as portfolio_api
from app.overview.portfolio import pages as portfolio_pages
from app.overview.search import api as search_api
from app.overview.search import pages as search_pages

API = (
    home_api.router,
    calendar_api.router,
    cohort_change_api.router,
    college_cohorts_api.router,
    cohort_team_api.router,
    search_api.router,
    late_join_api.router,
    enrolment_api.router,
    portfolio_api.router,
)
PAGES = (
    applications_pages.router,
    calendar_pages.router,
    home_pages.router,
    path_pages.router,
    portfolio_pages.router,
    activity_pages.router,
    cohort_pages.router,
    cohort_change_pages.router,
    cohort_team_pages.router,
    college_pages.router,
    college_cohorts_pages.router,
    enrolment_pages.router,
    search_pages.router,
    late_join_pages.router,
)
