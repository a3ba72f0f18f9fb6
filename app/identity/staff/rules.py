"""Pure rules of a college's staff: which roles end here, and until when one is given back."""

from datetime import datetime, timedelta

from app.platform.errors import Reason
from app.platform.security.permissions import Role

STAFF = frozenset({Role.TRAINER, Role.FACILITATOR, Role.COORDINATOR, Role.REGISTRAR})
"""The roles that a page ends: a participant's follows their enrolment, the platform's are the operator's."""

RETURN_WITHIN = timedelta(days=30)
"""How long an ended role is given back as it was; later the person is invited again, and answers for it."""


def return_reasons(ended_at: datetime, at: datetime, *, is_held: bool, is_suspended: bool) -> list[Reason]:
    """Return why an ended role is not given back."""
    reasons = []
    if at - ended_at > RETURN_WITHIN:
        reasons.append(Reason("role_ended_long_ago", {"days": RETURN_WITHIN.days}))
    if is_held:
        reasons.append(Reason("role_held"))
    if is_suspended:
        reasons.append(Reason("account_suspended"))
    return reasons
