"""Values and messages of the forms of accompaniment."""

from typing import Any

from app.platform.errors import DomainError
from app.platform.messages.i18n import explain, explain_error


class _ValuesByField(dict[str | None, Any]):
    """Values by field; ``None`` for a field that has none."""

    def __missing__(self, key: str | None) -> None:
        return None


def form_values(typed: dict[str, Any] | None = None, error: DomainError | None = None) -> dict[str, Any]:
    """Return the values typed in a form and the messages of an error, each by field.

    A message that concerns no field has the key ``None``.
    """
    errors: dict[str | None, str] = {}
    if error is not None:
        errors = {r.field and r.field.rsplit(".", 1)[-1]: explain(r) for r in error.reasons}
        errors = errors or {None: explain_error(error)}
    return {"typed": _ValuesByField(typed or {}), "errors": _ValuesByField(errors)}
