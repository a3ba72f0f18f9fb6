"""The kinds of messages, and how their list is sorted and filtered."""

from enum import StrEnum


class Kind(StrEnum):
    """What a message tells its reader; tests check that each kind has its texts in both languages, and a sender."""

    ADMITTED = "admitted"
    APPLICATION_REFUSED = "application_refused"
    TRAINING_STARTED = "training_started"
    ENROLMENT_CHANGED = "enrolment_changed"
    SEAT_OFFERED = "seat_offered"
    OFFER_EXPIRED = "offer_expired"
    TRANSFER_TO_CONSENT = "transfer_to_consent"
    TRANSFER_TO_DECIDE = "transfer_to_decide"
    TRANSFER_ENDED = "transfer_ended"
    COHORT_CHANGED = "cohort_changed"
    CATCH_UPS_DECIDED = "catch_ups_decided"
    SESSION_PLANNED = "session_planned"
    SERIES_PLANNED = "series_planned"
    SESSION_MOVED = "session_moved"
    SESSION_CHANGED = "session_changed"
    SESSION_CANCELLED = "session_cancelled"
    SESSION_RESTORED = "session_restored"
    CODEV_PLANNED = "codev_planned"
    CODEV_MOVED = "codev_moved"
    CODEV_CANCELLED = "codev_cancelled"
    CODEV_RESTORED = "codev_restored"
    GROUP_TOO_SMALL = "group_too_small"
    CONTRACT_TO_ACCEPT = "contract_to_accept"
    ENTRANCE_ANNOUNCED = "entrance_announced"
    ENTRANCE_CALLED_OFF = "entrance_called_off"
    ENTRANCE_CONCERNS = "entrance_concerns"
    TURN_PASSED = "turn_passed"
    TURN_TAKEN = "turn_taken"
    RESERVE_TAKEN = "reserve_taken"
    SWAP_PROPOSED = "swap_proposed"
    SWAP_ACCEPTED = "swap_accepted"
    SWAP_DECLINED = "swap_declined"
    SWAP_CALLED_OFF = "swap_called_off"
    RECORD_DISPUTED = "record_disputed"
    RECORD_CORRECTED = "record_corrected"
    RECORD_MAINTAINED = "record_maintained"
    CONFIDENCES_END = "confidences_end"
    SESSION_TOMORROW = "session_tomorrow"
    JUDGED = "judged"
    WORK_RETURNED = "work_returned"
    ATTEMPT_OPENED = "attempt_opened"
    TEAM_NAMED = "team_named"
    WORKS_ASSIGNED = "works_assigned"
    WORKS_REASSIGNED = "works_reassigned"
    WORK_LATE = "work_late"
    HOURS_REFUSED = "hours_refused"
    CERTIFICATE_ISSUED = "certificate_issued"
    HOLD_OPENED = "hold_opened"
    HOLD_LIFTED = "hold_lifted"
    PANEL_NAMED = "panel_named"
    REVIEW_DECIDED = "review_decided"
    RECOGNITION_WAITING = "recognition_waiting"
    RECOGNITION_TO_JUDGE = "recognition_to_judge"
    RECOGNITION_STEP = "recognition_step"
    RECOGNITION_DECIDED = "recognition_decided"
    ANNOUNCEMENT = "announcement"
    CORRECTION_ACCEPTED = "correction_accepted"
    CORRECTION_REFUSED = "correction_refused"


class SessionKind(StrEnum):
    """Whose session an entry of a calendar is: a cohort's, or a codevelopment group's."""

    SESSION = "session"
    CODEV = "codev"


class MailChoice(StrEnum):
    """When the e-mail of a kind of message is sent."""

    AT_ONCE = "at_once"
    DIGEST = "digest"
    NONE = "none"


class MessageSort(StrEnum):
    """What the list of messages is sorted by."""

    DATE = "date"


class Reading(StrEnum):
    """Whether a message was read, as the address of the list says it."""

    UNREAD = "non_lus"
    READ = "lus"
