"""Which addresses a request of ours may go to: public ones, written plainly. Pure: nothing is resolved here."""

import ipaddress
import re
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
"""What a last label must not be: ``2130706433``, ``0x7f.1`` and ``127.1`` are IPv4 addresses to most resolvers."""
NEVER = tuple(
    ipaddress.ip_network(network)
    for network in ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "2001::/23", "2002::/16")
)
"""Beside what is not global: shared space (CGNAT), protocol assignments, tunnels that hold an IPv4 address."""
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Where a network without IPv4 reaches it: the last 32 bits are the address that counts (RFC 6052)."""
UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that is global in IPv6 today: ``::127.0.0.1`` and ``fec0::1``, for example, are not."""
IPV4_BITS = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: its scheme, host and port, and the path with its query."""

    scheme: str
    host: str
    port: int
    path: str


def target_of(address: str) -> Target | None:
    """Return the target of an absolute address; ``None`` when it is not ``http(s)``, or its host is written oddly.

    Odd are all that two programs may read differently: user names, fragments, blanks, what is not ASCII, a final dot,
    numbers in octal, decimal or hexadecimal.
    """
    if not address.isascii() or not address.isprintable() or set(address) & set(' \\#@"<>^`{|}'):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or port == 0 or not (_literal(host) or _is_name(host)):
        return None
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or (443 if parts.scheme == "https" else 80), path)


def _is_name(host: str) -> bool:
    return NAME.fullmatch(host) is not None and NUMBER.fullmatch(host.rpartition(".")[2]) is None


def _literal(host: str) -> Address | None:
    """Return the address that a host is, in its usual notation alone; without a zone (``fe80::1%eth0``)."""
    try:
        return None if "%" in host else ipaddress.ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Return whether an address is on the public network, and no one's own: neither private, local nor shared."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & IPV4_BITS))
        if address not in UNICAST:
            return False
    return address.is_global and not address.is_multicast and not any(address in network for network in NEVER)


def may_connect(address: Address, *, loopback: bool) -> bool:
    """Return whether a connection may go to an address; ``loopback`` allows this machine, for trials."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return (loopback and address.is_loopback) or is_public(address)
