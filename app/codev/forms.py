"""Pages of codevelopment groups; those of sessions are in ``pages_sessions.py``."""

from app.platform.errors import DomainError
from app.platform.messages.i18n import explain, explain_error


def refused(error: DomainError) -> list[str]:
    """What a refusal says."""
    return [explain(r) for r in error.reasons] or [explain_error(error)]
