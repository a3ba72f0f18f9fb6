"""The roles, the permissions, and the reach with which each role grants each permission.

The tables below are the complete authorisation policy. A route requires exactly one permission, or is public; a
service selects rows through ``scoped`` (``actor.py``), which turns the actor's grants into a ``WHERE`` clause.
"""

from enum import StrEnum


class Role(StrEnum):
    """The roles that a person may hold, in a college, a cohort, a codevelopment group or a project."""

    PARTICIPANT = "participant"
    TRAINER = "trainer"
    FACILITATOR = "facilitator"
    COORDINATOR = "coordinator"
    REGISTRAR = "registrar"
    OBSERVER = "observer"
    ADMIN = "admin"


class Reach(StrEnum):
    """The rows that a grant reaches: the person's own, or those of the place where they hold the role."""

    SELF = "self"
    GROUP = "group"
    COHORT = "cohort"
    COLLEGE = "college"
    PROJECT = "project"
    PLATFORM = "platform"


class Permission(StrEnum):
    """The permissions of routes, as ``noun:verb``."""

    ME_READ = "me:read"
    ME_MANAGE = "me:manage"
    SIGN_IN_FINISH = "sign-in:finish"
    NETWORK_READ = "network:read"
    NETWORK_MANAGE = "network:manage"
    VENUE_MANAGE = "venue:manage"
    PEOPLE_READ = "people:read"
    PEOPLE_MANAGE = "people:manage"
    ACCOUNT_SUSPEND = "account:suspend"
    PERSON_RENAME = "person:rename"
    ROLE_CONFIRM = "role:confirm"
    CURRICULUM_READ = "curriculum:read"
    PROFILE_READ = "profile:read"
    RESOURCE_READ = "resource:read"
    RESOURCE_PROPOSE = "resource:propose"
    RESOURCE_MANAGE = "resource:manage"
    COHORT_READ = "cohort:read"
    COHORT_MANAGE = "cohort:manage"
    COHORT_APPLY = "cohort:apply"
    ENROLMENT_READ = "enrolment:read"
    ENROLMENT_MANAGE = "enrolment:manage"
    ENROLMENT_CONFIRM = "enrolment:confirm"
    TRANSFER_READ = "transfer:read"
    TRANSFER_MANAGE = "transfer:manage"
    TRANSFER_CONSENT = "transfer:consent"
    SESSION_READ = "session:read"
    SESSION_MANAGE = "session:manage"
    ROLLCALL_RECORD = "rollcall:record"
    PROGRESS_READ = "progress:read"
    ACTIVITY_DO = "activity:do"
    EVIDENCE_READ = "evidence:read"
    DOCUMENT_SHARE = "document:share"
    HOURS_COUNTERSIGN = "hours:countersign"
    ENTERPRISE_READ = "enterprise:read"
    ENTERPRISE_MANAGE = "enterprise:manage"
    MANDATE_READ = "mandate:read"
    MANDATE_MANAGE = "mandate:manage"
    MANDATE_CONFIRM = "mandate:confirm"
    CODEV_READ = "codev:read"
    CODEV_MANAGE = "codev:manage"
    CODEV_RECORD = "codev:record"
    CODEV_TAKE_PART = "codev:take-part"
    CONFIDENCE_READ = "confidence:read"
    CONFIDENCE_WRITE = "confidence:write"
    JOURNAL_KEEP = "journal:keep"
    JUDGEMENT_READ = "judgement:read"
    JUDGEMENT_MAKE = "judgement:make"
    JUDGEMENT_ASSIGN = "judgement:assign"
    REVIEW_ASK = "review:ask"
    PANEL_MANAGE = "panel:manage"
    PANEL_SIT = "panel:sit"
    INTEREST_DECLARE = "interest:declare"
    RECOGNITION_CLAIM = "recognition:claim"
    RECOGNITION_READ = "recognition:read"
    RECOGNITION_JUDGE = "recognition:judge"
    RECOGNITION_DECIDE = "recognition:decide"
    HOLD_READ = "hold:read"
    HOLD_MANAGE = "hold:manage"
    CERTIFICATE_READ = "certificate:read"
    CERTIFICATE_ISSUE = "certificate:issue"
    CERTIFICATE_CORRECT = "certificate:correct"
    CERTIFICATE_ANSWER = "certificate:answer"
    REPORT_COHORT = "report:cohort"
    REPORT_COLLEGE = "report:college"
    INDICATOR_READ = "indicator:read"
    SERVICE_OPERATE = "service:operate"


P, R = Permission, Reach

EVERYONE: dict[Permission, Reach] = {
    P.ME_READ: R.SELF,
    P.ME_MANAGE: R.SELF,
    P.SIGN_IN_FINISH: R.SELF,
    P.NETWORK_READ: R.PLATFORM,
    P.CURRICULUM_READ: R.PLATFORM,
    P.RESOURCE_READ: R.PLATFORM,
    P.RESOURCE_PROPOSE: R.PLATFORM,
    P.COHORT_APPLY: R.PLATFORM,
}
"""The permissions of every signed-in person, without any role."""

GRANTS: dict[Role, dict[Permission, Reach]] = {
    Role.PARTICIPANT: {
        P.PROFILE_READ: R.PLATFORM,
        P.COHORT_READ: R.COHORT,
        P.SESSION_READ: R.COHORT,
        P.ENROLMENT_READ: R.SELF,
        P.TRANSFER_READ: R.SELF,
        P.TRANSFER_CONSENT: R.SELF,
        P.PROGRESS_READ: R.SELF,
        P.ACTIVITY_DO: R.SELF,
        P.EVIDENCE_READ: R.SELF,
        P.JUDGEMENT_READ: R.SELF,
        P.REVIEW_ASK: R.SELF,
        P.RECOGNITION_CLAIM: R.SELF,
        P.RECOGNITION_READ: R.SELF,
        P.HOLD_READ: R.SELF,
        P.CERTIFICATE_READ: R.SELF,
        P.CERTIFICATE_ANSWER: R.SELF,
        P.MANDATE_READ: R.SELF,
        P.MANDATE_MANAGE: R.SELF,
        P.ENTERPRISE_READ: R.SELF,
        P.CODEV_READ: R.GROUP,
        P.CODEV_TAKE_PART: R.GROUP,
        P.CONFIDENCE_READ: R.GROUP,
        P.CONFIDENCE_WRITE: R.GROUP,
        P.JOURNAL_KEEP: R.SELF,
    },
    Role.TRAINER: {
        P.PROFILE_READ: R.PLATFORM,
        P.COHORT_READ: R.COHORT,
        P.SESSION_READ: R.COHORT,
        P.ENROLMENT_READ: R.COHORT,
        P.PROGRESS_READ: R.COHORT,
        P.EVIDENCE_READ: R.COHORT,
        P.DOCUMENT_SHARE: R.COHORT,
        P.ROLLCALL_RECORD: R.COHORT,
        P.JUDGEMENT_READ: R.COHORT,
        P.JUDGEMENT_MAKE: R.COHORT,
        P.JUDGEMENT_ASSIGN: R.COHORT,
        P.PANEL_SIT: R.COLLEGE,
        P.RECOGNITION_READ: R.SELF,
        P.RECOGNITION_JUDGE: R.COLLEGE,
        P.INTEREST_DECLARE: R.COLLEGE,
        P.MANDATE_READ: R.COHORT,
        P.MANDATE_CONFIRM: R.COHORT,
        P.REPORT_COHORT: R.COHORT,
    },
    Role.FACILITATOR: {
        P.PROFILE_READ: R.PLATFORM,
        P.COHORT_READ: R.COHORT,
        P.CODEV_READ: R.GROUP,
        P.CODEV_RECORD: R.GROUP,
        P.CODEV_TAKE_PART: R.GROUP,
        P.CONFIDENCE_READ: R.GROUP,
        P.INTEREST_DECLARE: R.COLLEGE,
    },
    Role.COORDINATOR: {
        P.PROFILE_READ: R.PLATFORM,
        P.PEOPLE_READ: R.COLLEGE,
        P.RESOURCE_MANAGE: R.COLLEGE,
        P.VENUE_MANAGE: R.COLLEGE,
        P.COHORT_READ: R.COLLEGE,
        P.COHORT_MANAGE: R.COLLEGE,
        P.ENROLMENT_READ: R.COLLEGE,
        P.ENROLMENT_MANAGE: R.COLLEGE,
        P.ENROLMENT_CONFIRM: R.COLLEGE,
        P.TRANSFER_READ: R.COLLEGE,
        P.TRANSFER_MANAGE: R.COLLEGE,
        P.SESSION_READ: R.COLLEGE,
        P.SESSION_MANAGE: R.COLLEGE,
        P.ROLLCALL_RECORD: R.COLLEGE,
        P.PROGRESS_READ: R.COLLEGE,
        P.EVIDENCE_READ: R.COLLEGE,
        P.DOCUMENT_SHARE: R.COLLEGE,
        P.HOURS_COUNTERSIGN: R.COLLEGE,
        P.ENTERPRISE_READ: R.COLLEGE,
        P.ENTERPRISE_MANAGE: R.COLLEGE,
        P.MANDATE_READ: R.COLLEGE,
        P.MANDATE_MANAGE: R.COLLEGE,
        P.MANDATE_CONFIRM: R.COLLEGE,
        P.CODEV_READ: R.COLLEGE,
        P.CODEV_MANAGE: R.COLLEGE,
        P.JUDGEMENT_READ: R.COLLEGE,
        P.JUDGEMENT_ASSIGN: R.COLLEGE,
        P.PANEL_MANAGE: R.COLLEGE,
        P.HOLD_READ: R.COLLEGE,
        P.CERTIFICATE_READ: R.COLLEGE,
        P.REPORT_COHORT: R.COLLEGE,
        P.REPORT_COLLEGE: R.COLLEGE,
    },
    Role.REGISTRAR: {
        P.PROFILE_READ: R.PLATFORM,
        P.PEOPLE_READ: R.COLLEGE,
        P.PEOPLE_MANAGE: R.COLLEGE,
        P.PERSON_RENAME: R.COLLEGE,
        P.RESOURCE_MANAGE: R.COLLEGE,
        P.COHORT_READ: R.COLLEGE,
        P.ENROLMENT_READ: R.COLLEGE,
        P.ENROLMENT_CONFIRM: R.COLLEGE,
        P.TRANSFER_READ: R.COLLEGE,
        P.TRANSFER_MANAGE: R.COLLEGE,
        P.SESSION_READ: R.COLLEGE,
        P.PROGRESS_READ: R.COLLEGE,
        P.JUDGEMENT_READ: R.COLLEGE,
        P.HOLD_READ: R.COLLEGE,
        P.HOLD_MANAGE: R.COLLEGE,
        P.RECOGNITION_READ: R.COLLEGE,
        P.RECOGNITION_DECIDE: R.COLLEGE,
        P.CERTIFICATE_READ: R.COLLEGE,
        P.CERTIFICATE_ISSUE: R.COLLEGE,
        P.CERTIFICATE_CORRECT: R.COLLEGE,
        P.REPORT_COHORT: R.COLLEGE,
        P.REPORT_COLLEGE: R.COLLEGE,
    },
    Role.OBSERVER: {
        P.INDICATOR_READ: R.PROJECT,
    },
    Role.ADMIN: {
        P.NETWORK_MANAGE: R.PLATFORM,
        P.VENUE_MANAGE: R.PLATFORM,
        P.SERVICE_OPERATE: R.PLATFORM,
        P.PEOPLE_READ: R.PLATFORM,
        P.PEOPLE_MANAGE: R.PLATFORM,
        P.ACCOUNT_SUSPEND: R.PLATFORM,
        P.ROLE_CONFIRM: R.PLATFORM,
        P.COHORT_READ: R.PLATFORM,
    },
}


TWO_FACTORS = frozenset({Role.REGISTRAR, Role.ADMIN})
"""The roles that require a second factor."""

PERSONAL = frozenset({P.ME_MANAGE, P.SIGN_IN_FINISH})
"""The permissions that no API token has: only the person manages their own account."""
