"""Pure rules about people: the normal form of a name."""

import unicodedata


def normal_name(text: str) -> str:
    """Return the name in NFC with single spaces, so that ``Zoé`` is stored one way however it was typed."""
    return " ".join(unicodedata.normalize("NFC", text).split())
