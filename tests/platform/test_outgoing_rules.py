"""Which addresses a request of ours may go to."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.platform.outgoing.rules import Target, is_public, may_connect, target_of


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("https://id.example.ca", Target("https", "id.example.ca", 443, "/")),
        ("https://ID.Example.ca:8443/a/b?c=d", Target("https", "id.example.ca", 8443, "/a/b?c=d")),
        ("https://xn--cgep-bpa.example/", Target("https", "xn--cgep-bpa.example", 443, "/")),
        ("https://8.8.8.8/", Target("https", "8.8.8.8", 443, "/")),
        ("https://[2606:4700::1111]:1/", Target("https", "2606:4700::1111", 1, "/")),
        ("http://127.0.0.1:9/jwks", Target("http", "127.0.0.1", 9, "/jwks")),
        ("http://localhost", Target("http", "localhost", 80, "/")),
    ],
)
def test_target_of_a_plain_address(address: str, target: Target) -> None:
    assert target_of(address) == target


@pytest.mark.parametrize(
    "address",
    [
        "https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://0x7f.0.0.1/", "https://127.1/",
        "https://0177.0.0.1/", "https://127.0.0.1./", "https://127.0.0.1.:80/", "https://localhost./",
        "https://id.example.ca./", "https://127.0.0.01/", "https://127.0.0x1/", "https://0/", "https://a.1/",
        "https://１２７.0.0.1/", "https://①②⑦.0.0.1/", "https://127。0。0。1/", "https://cégep.example/",
        "https://127%2e0.0.1/", "https://[::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[::ffff:127.0.0.1/",
        "https://u@127.0.0.1/", "https://id.example.ca@127.0.0.1/", "https://id.example.ca:80@127.0.0.1/",
        "https://id.example.ca\\@127.0.0.1/", "https://id.example.ca#@127.0.0.1/", "https://id.example.ca/#a",
        "https://id.example.ca:0/", "https://id.example.ca:99999/", "https://id.example.ca:port/", "https:///a",
        "https://", "https:id.example.ca", "//id.example.ca/", "id.example.ca", "", "ftp://id.example.ca/",
        "file:///etc/passwd", "gopher://127.0.0.1:6379/_", "https://id.example.ca/a b", "https://a.example/\r\nX: 1",
        "https://-a.example/", "https://a..example/", "https://" + "a" * 64 + ".example/", "https://*.example/",
    ],
)  # fmt: skip
def test_target_of_an_odd_address_is_none(address: str) -> None:
    assert target_of(address) is None


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3",  # noqa: S104 - asked, not bound
        "10.0.0.1", "100.64.0.1", "100.127.255.254", "127.0.0.1", "127.255.255.254",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.1.1",
        "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "fc00::1",
        "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "ff0e::1", "2001:db8::1", "2001::1", "2002:7f00:1::1",
        "2002:808:808::1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert not may_connect(ipaddress.ip_address(address), loopback=False)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("::ffff:127.0.0.1", True), ("10.0.0.1", False),
     ("169.254.169.254", False), ("8.8.8.8", True), ("::", False)],
)  # fmt: skip
def test_loopback_allows_this_machine_alone(address: str, *, allowed: bool) -> None:
    assert may_connect(ipaddress.ip_address(address), loopback=True) is allowed


@given(some.ip_addresses(v=4))
def test_an_ipv4_address_is_as_public_in_ipv6(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for prefix in (0xFFFF << 32, 0x64FF9B << 96):
        assert is_public(ipaddress.IPv6Address(prefix | number)) is is_public(address)
