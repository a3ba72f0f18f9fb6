"""What others wrote and the service carries keeps its notices."""

from hashlib import sha256

import pytest

from app.platform.documents.verifiable_credentials import CONTEXTS, LOCAL

NOTICE = CONTEXTS / "NOTICE"
PUBLISHED = {
    "credentials-v2.json": "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734",
    "security-data-integrity-v2.json": "67f21e6e33a6c14e5ccfd2fc7865f7474fb71a04af7e94136cb399dfac8ae8f4",
    "security-multikey-v1.json": "ba2c182de2d92f7e47184bcca8fcf0beaee6d3986c527bf664c195bbc7c58597",
}
"""SHA-256 of the contexts, as the W3C's specifications publish them."""


def test_every_context_is_named_in_the_notice_with_its_address() -> None:
    text = NOTICE.read_text(encoding="utf-8")
    kept = {path.name for path in CONTEXTS.iterdir()} - {NOTICE.name}
    assert kept == set(LOCAL.values())
    for address, name in LOCAL.items():
        assert f"{name} " in text
        assert address in text


def test_the_notice_carries_the_terms_of_both_publishers() -> None:
    text = " ".join(NOTICE.read_text(encoding="utf-8").split())
    assert "Copyright © 2025 World Wide Web Consortium. https://www.w3.org/copyright/software-license-2023/" in text
    assert "Permission to copy, modify, and distribute this work" in text
    assert "© 1EdTech Consortium, Inc. All Rights Reserved." in text
    assert "https://www.imsglobal.org/speclicense.html" in text


@pytest.mark.parametrize(("name", "digest"), PUBLISHED.items())
def test_a_context_of_the_w3c_is_the_published_one(name: str, digest: str) -> None:
    assert sha256((CONTEXTS / name).read_bytes()).hexdigest() == digest
