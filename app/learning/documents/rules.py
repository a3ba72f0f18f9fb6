"""Pure rules of the documents shared with a cohort."""

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity
from app.platform.errors import Reason

MOST = 20
"""Documents of one activity that a cohort has at a time."""


def document_reasons(activity: Activity, *, in_force: int, has_content: bool) -> list[Reason]:
    """Return why a document may not be shared: only workshops have some, a few each, and each says something."""
    if activity.type is not ActivityType.workshop:
        return [Reason("not_a_workshop", {"activity": activity.code})]
    if in_force >= MOST:
        return [Reason("documents_used", {"n": MOST})]
    return [] if has_content else [Reason("document_empty", field="body")]
