"""The address of a client behind proxies: only a proxy that the settings name may say it."""

from ipaddress import ip_network

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient
from pydantic import ValidationError
from pydantic_settings import SettingsError

from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.keyring import new_keyring
from app.platform.security.rate_limit import origin_of
from app.platform.web.incoming.proxies import client_address

PROXIES = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1"), ip_network("2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "client"),
    [
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["192.0.2.66, 198.51.100.1, 10.9.9.9"], "198.51.100.1"),
        ("10.0.0.1", ["10.1.1.1, 10.9.9.9"], "10.1.1.1"),
        ("10.0.0.1", ["198.51.100.1, rien"], "10.0.0.1"),
        ("10.0.0.1", ["rien, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.0.0.1", ["[2001:db8:2::1]:4711"], "2001:db8:2::1"),
        ("10.0.0.1", ["2001:db8:2::1"], "2001:db8:2::1"),
        ("10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8:1::9", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["0x7f.1"], "10.0.0.1"),
        ("10.0.0.1", ["fe80::1%eth0"], "fe80::1%eth0"),
        ("testclient", ["198.51.100.1"], "testclient"),
    ],
)
def test_client_address_is_the_right_most_untrusted_one(peer: str, forwarded_for: list[str], client: str) -> None:
    assert client_address(peer, forwarded_for, PROXIES) == client


@pytest.mark.parametrize(
    "forwarded_for",
    [
        pytest.param("192.0.2.66, 198.51.100.1", id="nginx"),
        pytest.param("198.51.100.1", id="caddy"),
        pytest.param("192.0.2.66,198.51.100.1", id="two proxies"),
    ],
)
def test_client_address_behind_the_documented_proxies(forwarded_for: str) -> None:
    """What nginx and Caddy were seen to forward for 198.51.100.1, which itself had sent ``192.0.2.66``."""
    assert client_address("127.0.0.1", [forwarded_for], PROXIES) == "198.51.100.1"


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "203.0.113.7"])
def test_without_proxies_nothing_forwarded_counts(peer: str) -> None:
    assert client_address(peer, ["198.51.100.1"], ()) == peer


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("", ()),
        (" ", ()),
        ("10.0.0.1", (ip_network("10.0.0.1/32"),)),
        ("10.0.0.0/8, 2001:db8::/32", (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))),
        ("10.0.0.0/8 127.0.0.1", (ip_network("10.0.0.0/8"), ip_network("127.0.0.1"))),
    ],
)
def test_trusted_proxies_are_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, text: str, networks: tuple[object, ...]
) -> None:
    monkeypatch.setenv("ESCOUADE_TRUSTED_PROXIES", text)
    assert Settings().trusted_proxies == networks


@pytest.mark.parametrize("text", ["*", "mandataire.example", "10.0.0.1/8", "0.0.0.0/0", "::/0", "[]"])
def test_trusted_proxies_that_are_no_networks_or_everyone_are_refused(
    monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv("ESCOUADE_TRUSTED_PROXIES", text)
    with pytest.raises((ValidationError, SettingsError)):
        Settings()


def site_behind(settings: Settings, database: Database, proxies: str) -> FastAPI:
    """Return the application behind proxies, with a route that returns what it takes the request for."""
    chosen = Settings(**{**settings.model_dump(), "trusted_proxies": proxies})
    app = create_app(chosen, database, new_keyring())

    @app.get("/api/origine")
    def origin(request: Request) -> list[str]:
        return [origin_of(request), request.scope["scheme"]]

    return app


FORWARDED = {"X-Forwarded-For": "192.0.2.66, 198.51.100.1", "X-Forwarded-Proto": "https"}


@pytest.mark.parametrize(("proxies", "seen"), [("", ["127.0.0.1", "http"]), ("127.0.0.0/8", ["198.51.100.1", "https"])])
def test_forwarded_headers_count_behind_a_named_proxy_only(
    settings: Settings, database: Database, proxies: str, seen: list[str]
) -> None:
    client = TestClient(site_behind(settings, database, proxies), client=("127.0.0.1", 1))
    assert client.get("/api/origine", headers=FORWARDED).json() == seen


@pytest.mark.parametrize("scheme", ["wss", "", "https, ftp", "javascript"])
def test_forwarded_scheme_that_is_not_http_is_ignored(settings: Settings, database: Database, scheme: str) -> None:
    client = TestClient(site_behind(settings, database, "127.0.0.1"), client=("127.0.0.1", 1))
    headers = {**FORWARDED, "X-Forwarded-Proto": scheme}
    assert client.get("/api/origine", headers=headers).json() == ["198.51.100.1", "http"]
