"""Checks whose removal alone nobody misses, because another one stands behind them: what ``make soak`` is told.

Each is named by file, function and check, as the soak says them; one that is missed alone must leave these lists.
"""

GUARD = "the guard of the route"

DOUBLED = {
    # What was seen is looked at again, through the same permission, where a paper or a whole list of results leaves.
    "app/certificates/api.py issue see_enrolment": "app/certificates/service.py locked scoped",
    "app/certificates/pages.py confirm see_enrolment": "app/certificates/service.py locked scoped",
    "app/certificates/pages.py issue see_enrolment": "app/certificates/service.py locked scoped",
    "app/certificates/service.py locked scoped": "app/certificates/pages.py issue see_enrolment",
    "app/certificates/api_corrections.py reissue see_certificate": "app/certificates/service.py locked scoped",
    "app/certificates/pages_corrections.py reissue see_certificate": "app/certificates/service.py locked scoped",
    "app/reports/service.py cohort_report scoped": "app/reports/api.py _of_cohort see_cohort",
    "app/reports/service.py college_report scoped": "app/reports/api.py _of_college see_college",
    # Two records of one page, each seen on its own, both of one cohort or of one group.
    "app/codev/pages.py group see_group": "app/codev/pages.py _proposed see_codev_session",
    "app/codev/pages.py _proposed see_codev_session": "app/codev/pages.py group see_group",
    "app/codev/pages_sessions.py codev_session see_codev_session": "app/codev/pages_sessions.py _session see_group",
    "app/codev/pages_sessions.py _session see_group": "app/codev/pages_sessions.py codev_session see_codev_session",
    "app/cohorts/pages.py answer see_cohort": "app/cohorts/pages.py answer see_enrolment",
    "app/cohorts/pages.py answer see_enrolment": "app/cohorts/pages.py answer see_cohort",
    "app/cohorts/pages_sessions.py cancel_form see_session": "app/cohorts/pages_sessions.py _around see_cohort",
    "app/cohorts/pages_sessions.py roll_call see_session": "app/cohorts/pages_sessions.py _around see_cohort",
    "app/cohorts/pages_sessions.py _around see_cohort": "app/cohorts/pages_sessions.py roll_call see_session",
    # The administrator alone holds the permission, of the whole platform: the guard lets in nobody to refuse here.
    "app/people/api_security.py suspend see_account": GUARD,
    "app/people/api_security.py restore see_account": GUARD,
    "app/people/pages_security.py suspend see_account": GUARD,
    "app/people/pages_security.py restore see_account": GUARD,
    "app/people/service_suspension.py accounts scoped": GUARD,
    "app/people/service_suspension.py see_account scoped": GUARD,
}
"""Checks that another one doubles, and which: both are taken away."""
