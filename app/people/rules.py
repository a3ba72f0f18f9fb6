"""Pure rules about people: addresses, names, when a sign-in ends."""

import unicodedata


def normal_name(text: str) -> str:
    """NFC, single spaces: ``Zoé`` is one person however it was typed."""
    return " ".join(unicodedata.normalize("NFC", text).split())
