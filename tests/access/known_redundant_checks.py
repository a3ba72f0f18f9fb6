"""Checks whose removal alone nobody misses, because another one stands behind them: what ``make soak`` is told.

Each is named by file, function and check, as the soak says them; one that is missed alone must leave these lists.
"""

GUARD = "the guard of the route"
OFFER = "the second look at whether a cohort takes applications, under its lock"
LOCK_ENROLMENT = "app/certificates/issuing/service.py lock_enrolment scoped"
SESSION_COHORT = "app/attendance/calendar/pages.py session_context see_cohort"
FINISH_BY_API = "app/attendance/catch_ups/api.py finish_catch_up"
FINISH_BY_PAGE = "app/attendance/catch_ups/pages.py finish_catch_up"


def both(place: str, one: str, other: str) -> dict[str, str]:
    """Return two checks of one function, each of which doubles the other."""
    return {f"{place} {one}": f"{place} {other}", f"{place} {other}": f"{place} {one}"}


REDUNDANT = {
    # What was seen is looked at again, through the same permission, where a paper or a whole list of results leaves.
    "app/certificates/issuing/api.py issue see_enrolment": LOCK_ENROLMENT,
    "app/certificates/issuing/pages.py confirm see_enrolment": LOCK_ENROLMENT,
    "app/certificates/issuing/pages.py issue see_enrolment": LOCK_ENROLMENT,
    LOCK_ENROLMENT: "app/certificates/issuing/pages.py issue see_enrolment",
    "app/certificates/corrections/api.py reissue see_certificate": LOCK_ENROLMENT,
    "app/certificates/corrections/pages.py reissue see_certificate": LOCK_ENROLMENT,
    "app/reports/service.py cohort_report scoped": "app/reports/api.py cohort_report see_cohort",
    "app/reports/service.py _of_college scoped": "app/reports/api.py college_report see_college",
    "app/reports/service.py list_college_report scoped": "app/reports/pages.py college_page see_college",
    "app/accompaniment/field_hours/service.py hours_to_countersign scoped": "app/accompaniment/field_hours/api.py read_pending_hours see_college",  # noqa: E501
    "app/accompaniment/confirmations/api.py confirm see_milestone": "app/accompaniment/confirmations/api.py confirm see_mandate",  # noqa: E501
    "app/accompaniment/confirmations/api.py confirm see_mandate": "app/accompaniment/confirmations/api.py confirm see_milestone",  # noqa: E501
    # Two records of one page, each seen on its own, both of one cohort or of one group.
    "app/codev/groups/pages.py group_page see_group": "app/codev/groups/pages.py _proposed see_codev_session",
    "app/codev/groups/pages.py _proposed see_codev_session": "app/codev/groups/pages.py group_page see_group",
    "app/codev/sessions/pages.py session_page see_codev_session": "app/codev/sessions/pages.py _session_context see_group",  # noqa: E501
    "app/codev/sessions/pages.py _session_context see_group": "app/codev/sessions/pages.py session_page see_codev_session",  # noqa: E501
    "app/cohorts/enrolments/pages.py answer see_cohort": "app/cohorts/enrolments/pages.py answer see_enrolment",
    "app/cohorts/enrolments/pages.py answer see_enrolment": "app/cohorts/enrolments/pages.py answer see_cohort",
    "app/attendance/calendar/pages.py cancel_form see_session": SESSION_COHORT,
    "app/attendance/calendar/pages.py session_page see_session": SESSION_COHORT,
    "app/attendance/calendar/pages.py change_form see_session": SESSION_COHORT,
    "app/attendance/calendar/pages.py restore_form see_session": SESSION_COHORT,
    "app/attendance/roll_calls/pages.py roll_call see_session": SESSION_COHORT,
    "app/attendance/roll_calls/pages.py roll_call_history see_session": SESSION_COHORT,
    "app/attendance/check_ins/pages.py code_page see_session": SESSION_COHORT,
    SESSION_COHORT: "app/attendance/roll_calls/pages.py roll_call see_session",
    **both(FINISH_BY_API, "see_enrolment", "see_catch_up"),
    **both(FINISH_BY_PAGE, "see_enrolment", "see_catch_up"),
    "app/attendance/catch_ups/service.py see_catch_up scoped": f"{FINISH_BY_API} see_enrolment",
    "app/cohorts/enrolments/api.py apply see_open_cohort": OFFER,
    "app/cohorts/offer/pages.py apply see_open_cohort": OFFER,
    **both("app/cohorts/waitlist/api.py set_priority", "see_cohort", "see_enrolment"),
    **both("app/cohorts/waitlist/pages.py set_priority", "see_cohort", "see_enrolment"),
    **both("app/overview/cohort_team/api.py preview_departure", "see_cohort", "see_staff_role"),
    **both("app/overview/cohort_team/api.py leave_team", "see_cohort", "see_staff_role"),
    **both("app/overview/cohort_team/pages.py confirm_departure", "see_cohort", "see_staff_role"),
    **both("app/overview/cohort_team/pages.py leave_team", "see_cohort", "see_staff_role"),
    **both("app/codev/sessions/api.py change_session", "see_codev_session", "see_group"),
    **both("app/codev/sessions/pages.py change", "see_codev_session", "see_group"),
    **both("app/codev/sessions/pages.py change_form", "see_codev_session", "see_group"),
    # Who finds applications in a college: tests/overview/test_search.py; beyond it the other one decides.
    "app/overview/search/people.py _readable scoped": "app/overview/search/people.py _readable scoped 2",
    **both("app/attendance/calendar/api.py change", "see_session", "see_cohort"),
    **both("app/attendance/calendar/pages.py change", "see_session", "see_cohort"),
    **both("app/attendance/sheets/api.py read_sheet", "see_session", "see_cohort"),
    **both("app/attendance/sheets/pages.py sheet", "see_session", "see_cohort"),
    **both("app/identity/invitations/pages.py invitation_sent_page", "see_college", "see_invitation"),
    # The administrator alone holds the permission, of the whole platform: the guard lets in nobody to refuse here.
    "app/identity/account/api.py suspend see_account": GUARD,
    "app/identity/account/api.py lift_suspension see_account": GUARD,
    "app/identity/account/pages.py suspend see_account": GUARD,
    "app/identity/account/pages.py lift_suspension see_account": GUARD,
    "app/identity/account/suspension.py _require_platform scoped": GUARD,
    "app/identity/roles/api.py decide see_role_proposal": GUARD,
    "app/identity/roles/pages.py decide see_role_proposal": GUARD,
    "app/identity/roles/proposals.py open_proposals scoped": GUARD,
    "app/identity/roles/proposals.py see_role_proposal scoped": GUARD,
    "app/identity/account/suspension.py see_account scoped": GUARD,
    "app/network/colleges/api.py read_college see_college": GUARD,
    "app/overview/college/pages.py college_page see_college": GUARD,
    **{
        f"app/network/colleges/{face}.py {verb}_college see_college": GUARD
        for face in ("api", "pages")
        for verb in ("change", "close", "reopen")
    },
    "app/network/projects/api.py read_project see_project": GUARD,
    "app/network/projects/pages.py project_page see_project": GUARD,
    **{
        f"app/network/projects/{face}.py {verb} see_project": GUARD
        for face in ("api", "pages")
        for verb in ("change_project", "set_region_target")
    },
}
"""Checks that another one doubles, and which: both are taken away."""
