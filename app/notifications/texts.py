"""The texts of messages, in the reader's language."""

from collections.abc import Mapping
from datetime import datetime

from app.notifications.enums import Kind
from app.platform.messages.i18n import QUEBEC, clock, day, display_params, local, t, zone_name


def title(kind: Kind, params: Mapping[str, object]) -> str:
    """Return the title of a message, which is the subject of its e-mail."""
    return t(f"message.title.{kind.value}", **_shown(params))


def body(kind: Kind, params: Mapping[str, object]) -> str:
    """Return the text of a message, also that of its e-mail."""
    return t(f"message.body.{kind.value}", **_shown(params))


def _shown(params: Mapping[str, object]) -> dict[str, object]:
    """Return parameters in display form: moments in the zone of ``timezone``, states and kinds by their names."""
    zone = str(params.get("timezone", QUEBEC.key))
    shown = display_params(params)
    for name, value in params.items():
        if name.endswith("_at") and isinstance(value, str):
            shown[name] = moment(datetime.fromisoformat(value), zone)
        elif name == "state":
            shown[name] = t(f"state.{value}")
        elif name == "certificate_kind":
            shown[name] = t(f"kind.{value}")
    return shown


def moment(at: datetime, zone: str) -> str:
    """Return a moment in words, ``27 novembre 2026, 13 h``; with the zone's name where it is not Quebec's usual one."""
    words = f"{day(local(at, zone).date())}, {clock(at, zone)}"
    return words if zone == QUEBEC.key else f"{words} ({zone_name(zone)})"
