"""Which addresses, metadata, keys and claims are valid: at their limits, and for any input."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.identity.oidc.rules import (
    ExpectedClaims,
    is_issuer,
    is_safe_address,
    metadata_fault,
    token_fault,
    usable_keys,
)
from tests.factories.oidc_keys import EC, RSA, Claims

AT = datetime(2026, 3, 2, 14, tzinfo=UTC)
EXPECTED = ExpectedClaims("https://id.example", "nous", "n-1")
VALID: Claims = {"iss": "https://id.example", "aud": "nous", "nonce": "n-1", "sub": "s",
                "exp": AT.timestamp() + 60, "iat": AT.timestamp()}  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({}, None),
        ({"aud": ["nous"]}, None),
        ({"aud": ["nous", "eux"], "azp": "nous"}, None),
        ({"aud": ["nous", "eux"], "azp": "eux"}, "aud"),
        ({"aud": ["eux"], "azp": "nous"}, "aud"),
        ({"aud": {"nous": 1}}, "aud"),
        ({"exp": AT.timestamp() - 59}, None),
        ({"exp": AT.timestamp() - 60}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": float("nan")}, "exp"),
        ({"exp": float("inf")}, "exp"),
        ({"exp": 10**400}, "exp"),
        ({"nbf": AT.timestamp() + 60}, None),
        ({"nbf": AT.timestamp() + 61}, "nbf"),
        ({"nbf": None}, "nbf"),
        ({"iat": AT.timestamp() + 61}, "iat"),
        ({"iat": None}, "iat"),
        ({"nonce": ""}, "nonce"),
        ({"nonce": "é\ud800"}, "nonce"),
        ({"sub": ""}, "sub"),
        ({"sub": "a\0"}, "sub"),
        ({"sub": 5}, "sub"),
        ({"tid": "n’importe"}, None),
    ],
)
def test_token_fault_at_the_limits_of_each_claim(changed: Claims, fault: str | None) -> None:
    assert token_fault(VALID | changed, EXPECTED, AT) == fault


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANYTHING = LEAF | st.lists(LEAF, max_size=2) | st.dictionaries(st.text(max_size=5), LEAF, max_size=2)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*VALID, "nbf", "azp", "tid"]), ANYTHING))
def test_token_fault_of_any_claims_returns_a_known_fault(changed: Claims) -> None:
    fault = token_fault(VALID | changed, EXPECTED, AT)
    assert fault is None or fault in {"iss", "tid", "aud", "nonce", "exp", "nbf", "iat", "sub"}
    if changed.get("nonce", "n-1") != "n-1":
        assert fault in {"iss", "tid", "aud", "nonce"}


@settings(deadline=None)
@given(ANYTHING)
def test_metadata_and_keys_of_any_shape_are_refused(published: Any) -> None:
    assert usable_keys(published) == []
    assert not is_safe_address(published, loopback=True)
    assert metadata_fault({"issuer": "i", "token_endpoint": published}, "i", loopback=True) is not None


@pytest.mark.parametrize(
    ("changed", "usable"),
    [
        ({}, True),
        ({"use": "enc"}, False),
        ({"alg": "HS256"}, False),
        ({"kty": "oct"}, False),
        ({"n": "A" * 340}, False),
        ({"n": None}, False),
    ],
)  # fmt: skip
def test_usable_keys_are_public_signing_keys(changed: Claims, usable: bool) -> None:
    assert bool(usable_keys({"keys": [RSA.as_dict(private=False) | changed]})) is usable


def test_metadata_needs_its_own_issuer_and_safe_endpoints() -> None:
    good = {"issuer": "https://id.example"} | {
        name: f"https://cles.example/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    }
    assert metadata_fault(good, "https://id.example", loopback=False) is None
    assert metadata_fault(good, "https://id.example/", loopback=False) == "metadata_issuer"
    for name in good.keys() - {"issuer"}:
        assert metadata_fault(good | {name: "http://cles.example"}, "https://id.example", loopback=True) == name


def test_usable_keys_are_limited_in_number() -> None:
    assert len(usable_keys({"keys": [EC.as_dict(private=False)] * 1000})) == 20


@pytest.mark.parametrize(
    ("address", "loopback", "safe"),
    [
        ("https://id.example", False, True),
        ("https://id.example:8443/a/b", False, True),
        ("http://127.0.0.1:9000", True, True),
        ("http://[::1]:9000", True, True),
        ("http://127.0.0.1:9000", False, False),
        ("http://id.example", True, False),
        ("https://id.example\n.mal", True, False),
        ("https://idé.example", True, False),
        ("https://[::1", True, False),
        ("https://", True, False),
    ],
)
def test_issuer_addresses(address: str, loopback: bool, safe: bool) -> None:
    assert is_issuer(address, loopback=loopback) is safe
