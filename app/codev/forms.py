"""Messages of a refused form."""

from app.platform.errors import DomainError
from app.platform.messages.i18n import explain, explain_error


def messages_of(error: DomainError) -> list[str]:
    """Return the messages of an error: one for each reason, or the error's own."""
    return [explain(r) for r in error.reasons] or [explain_error(error)]
