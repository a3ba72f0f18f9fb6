"""Pages of accompaniment: enterprises, mandates and their dated facts."""

from typing import Any

from app.platform.errors import DomainError
from app.platform.messages.i18n import explain, explain_error


class _ByField(dict[str | None, Any]):
    """Values by field; ``None`` for a field that was not typed, or is not wrong."""

    def __missing__(self, key: str | None) -> None:
        return None


def form_values(typed: dict[str, Any] | None = None, error: DomainError | None = None) -> dict[str, Any]:
    """What a form shows again: values typed and messages by field, ``None`` where there is none.

    A message that concerns no field stands under ``None``.
    """
    errors: dict[str | None, str] = {}
    if error is not None:
        errors = {r.field and r.field.rsplit(".", 1)[-1]: explain(r) for r in error.reasons}
        errors = errors or {None: explain_error(error)}
    return {"typed": _ByField(typed or {}), "errors": _ByField(errors)}
