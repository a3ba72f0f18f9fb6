"""Pure rules of the documents shared with a cohort."""

from app.curricula.enums import ActivityType
from app.curricula.schemas import Activity
from app.platform.errors import Reason

MOST = 20
"""Documents of one activity that a cohort has at a time."""


TAKING = frozenset({ActivityType.workshop, ActivityType.assessment})
"""The types of activities of which trainers share documents: what a workshop leaves, the case of an assessment."""


def takes_documents(activity: Activity) -> bool:
    """Return whether the trainers of a cohort share documents of an activity."""
    return activity.type in TAKING


def document_reasons(activity: Activity, *, in_force: int, has_content: bool) -> list[Reason]:
    """Return why a document may not be shared: some activities have a few, and each says something."""
    if not takes_documents(activity):
        return [Reason("takes_no_documents", {"activity": activity.code})]
    if in_force >= MOST:
        return [Reason("documents_used", {"n": MOST})]
    return [] if has_content else [Reason("document_empty", field="body")]
