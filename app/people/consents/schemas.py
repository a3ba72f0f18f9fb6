"""Consents as they come in and go out."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from app.people.consents.enums import Purpose
from app.platform.schema import Command, Read


class ConsentText(Read):
    """The words of a purpose in one version and language; ``body`` is Markdown."""

    purpose: Purpose
    version: str
    language: str
    title: str
    body: str


class ConsentShown(Read):
    """A line of the register: given in the words of a version, and withdrawn since or not."""

    text_version: str
    language: str
    given_at: datetime
    withdrawn_at: datetime | None


class PurposeShown(Read):
    """A purpose in its words of today, whether one agrees to it, and every line of the register, latest first.

    ``agreed`` may rest on an earlier version: then ``text`` has changed since, and may be agreed to anew.
    """

    text: ConsentText
    agreed: bool
    agreed_version: str | None = Field(description="the version agreed to, while one agrees")
    lines: tuple[ConsentShown, ...]


class GiveConsent(Command):
    """Agreement to a purpose in the words that were read: those of ``text_version``."""

    purpose: Purpose
    text_version: Annotated[str, StringConstraints(min_length=1, max_length=20)]
