"""Checks whose removal alone nobody misses, because another one stands behind them: what ``make soak`` is told.

Each is named by file, function and check, as the soak says them; one that is missed alone must leave these lists.
"""

GUARD = "the guard of the route"

DOUBLED = {
    # What was seen is looked at again, through the same permission, where a paper or a whole list of results leaves.
    "app/certificates/issuing/api.py issue see_enrolment": "app/certificates/issuing/service.py locked scoped",
    "app/certificates/issuing/pages.py confirm see_enrolment": "app/certificates/issuing/service.py locked scoped",
    "app/certificates/issuing/pages.py issue see_enrolment": "app/certificates/issuing/service.py locked scoped",
    "app/certificates/issuing/service.py locked scoped": "app/certificates/issuing/pages.py issue see_enrolment",
    "app/certificates/corrections/api.py reissue see_certificate": "app/certificates/issuing/service.py locked scoped",
    "app/certificates/corrections/pages.py reissue see_certificate": "app/certificates/issuing/service.py locked scoped",  # noqa: E501
    "app/reports/service.py cohort_report scoped": "app/reports/api.py _of_cohort see_cohort",
    "app/reports/service.py college_report scoped": "app/reports/api.py _of_college see_college",
    # Two records of one page, each seen on its own, both of one cohort or of one group.
    "app/codev/groups/pages.py group see_group": "app/codev/groups/pages.py _proposed see_codev_session",
    "app/codev/groups/pages.py _proposed see_codev_session": "app/codev/groups/pages.py group see_group",
    "app/codev/sessions/pages.py codev_session see_codev_session": "app/codev/sessions/pages.py _session see_group",
    "app/codev/sessions/pages.py _session see_group": "app/codev/sessions/pages.py codev_session see_codev_session",
    "app/cohorts/enrolments/pages.py answer see_cohort": "app/cohorts/enrolments/pages.py answer see_enrolment",
    "app/cohorts/enrolments/pages.py answer see_enrolment": "app/cohorts/enrolments/pages.py answer see_cohort",
    "app/attendance/calendar/pages.py cancel_form see_session": "app/attendance/calendar/pages.py _around see_cohort",
    "app/attendance/roll_calls/pages.py roll_call see_session": "app/attendance/calendar/pages.py _around see_cohort",
    "app/attendance/calendar/pages.py _around see_cohort": "app/attendance/roll_calls/pages.py roll_call see_session",
    # The administrator alone holds the permission, of the whole platform: the guard lets in nobody to refuse here.
    "app/identity/account/api.py suspend see_account": GUARD,
    "app/identity/account/api.py restore see_account": GUARD,
    "app/identity/account/pages.py suspend see_account": GUARD,
    "app/identity/account/pages.py restore see_account": GUARD,
    "app/identity/account/suspension.py accounts scoped": GUARD,
    "app/identity/account/suspension.py see_account scoped": GUARD,
}
"""Checks that another one doubles, and which: both are taken away."""
