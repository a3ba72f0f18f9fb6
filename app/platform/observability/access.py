"""Who may read the metrics and the details of the checks: whoever has the token, never whoever comes by a proxy."""

import hmac
import ipaddress
from collections.abc import Mapping

from app.platform.config import Settings

FORWARDED = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")
"""What proxies add: a request with one of these comes from elsewhere, whatever its connection."""


def may_observe(settings: Settings, peer: str, headers: Mapping[str, str]) -> bool:
    """Return whether a request may read them; ``peer`` is the address at the other end of its connection.

    Without a token nobody may in production: a proxy on this machine need not say that it is one.
    """
    if settings.metrics_token is not None:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        asked = settings.metrics_token.get_secret_value()
        return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), asked.encode())
    is_forwarded = any(name in headers for name in FORWARDED)
    return settings.environment != "production" and not is_forwarded and _is_loopback(peer)


def _is_loopback(peer: str) -> bool:
    try:
        return ipaddress.ip_address(peer).is_loopback
    except ValueError:
        return False
