"""Consents and their texts, as the API and the pages exchange them."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.people.consents.enums import Purpose
from app.platform.schema import Command, Read


class ConsentText(Read):
    """The text of a purpose in one version and language; ``body`` is Markdown."""

    purpose: Purpose
    version: str
    language: str
    title: str
    body: str


class ConsentShown(Read):
    """An entry of the register: the version agreed to, and when it was given and withdrawn."""

    text_version: str
    language: str
    given_at: datetime
    withdrawn_at: datetime | None


class PurposeShown(Read):
    """A purpose with its current text, whether the person agrees to it, and their entries, latest first.

    ``agreed`` may rest on an earlier version: then ``text`` has changed since, and may be agreed to anew.
    """

    text: ConsentText
    agreed: bool
    agreed_version: str | None = Field(description="the version agreed to, while the consent is in force")
    lines: tuple[ConsentShown, ...]


class GiveConsent(Command):
    """Consent to a purpose in the text of ``text_version``, the one that was read."""

    purpose: Purpose
    text_version: Annotated[str, StringConstraints(min_length=1, max_length=20)]
