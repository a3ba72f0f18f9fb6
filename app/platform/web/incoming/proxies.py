"""The network address and scheme of a request that came through reverse proxies.

``X-Forwarded-For`` and ``X-Forwarded-Proto`` are what anyone may write. They count only when the connection itself
comes from a network of ``ESCOUADE_TRUSTED_PROXIES``, and only as far back as the last proxy that is trusted.
"""

import ipaddress
from collections.abc import Sequence
from typing import TypeAlias

from starlette.datastructures import Headers
from starlette.types import Scope

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network
Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address


def address_of(text: str) -> Address | None:
    """Return the address that a text holds, also as ``address:port``; ``None`` when it holds none."""
    host = text.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def is_trusted(address: Address | None, proxies: Sequence[Network]) -> bool:
    """Return whether the address belongs to one of our proxies."""
    return address is not None and any(address in network for network in proxies)


def client_address(peer: str, forwarded_for: Sequence[str], proxies: Sequence[Network]) -> str:
    """Return the address of the client: the right-most one of ``X-Forwarded-For`` that is none of our proxies'.

    Each proxy adds on the right the address that it received the request from. Reading from the right stops at the
    first address that we do not trust, or at what is no address: to the left of it anyone may have written anything.
    """
    nearest = peer
    for entry in reversed(",".join(forwarded_for).split(",")):
        if not is_trusted(address_of(nearest), proxies):
            break
        address = address_of(entry)
        if address is None:
            break
        nearest = str(address)
    return nearest


def set_client(scope: Scope, headers: Headers, proxies: Sequence[Network]) -> None:
    """Replace the client and the scheme of a request by those that our proxies forward."""
    client = scope.get("client")
    if client is None or not is_trusted(address_of(client[0]), proxies):
        return
    scope["client"] = (client_address(client[0], headers.getlist("x-forwarded-for"), proxies), 0)
    scheme = ",".join(headers.getlist("x-forwarded-proto")).rpartition(",")[2].strip().lower()
    if scheme in {"http", "https"}:
        scope["scheme"] = scheme
