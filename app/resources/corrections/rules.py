"""What a correction must say. Pure."""

from app.platform.errors import Reason
from app.resources.corrections.enums import CorrectionAbout
from app.resources.corrections.schemas import NewCorrection
from app.resources.directory.rules import contact_reasons

WHOLE = frozenset({CorrectionAbout.DUPLICATE, CorrectionAbout.CLOSED})
"""What is about the entry as a whole: accepted, it takes the entry out of use."""
LONGEST = {
    CorrectionAbout.NAME: 120, CorrectionAbout.VERB: 40, CorrectionAbout.ADDRESS: 200, CorrectionAbout.PHONE: 40,
    CorrectionAbout.EMAIL: 200, CorrectionAbout.WEBSITE: 300, CorrectionAbout.DUPLICATE: 120,
}  # fmt: skip
"""The most letters of what a field takes, where a correction may have more."""


def correction_reasons(command: NewCorrection, present: str | None) -> list[Reason]:
    """Return why a correction says nothing that an entry could take; ``present`` is what the entry says today."""
    if command.about is CorrectionAbout.CLOSED:
        return [Reason("correction_value_unused", field="value")] if command.value is not None else []
    if command.value is None:
        return [Reason("missing", field="value")]
    longest = LONGEST.get(command.about)
    if longest is not None and len(command.value) > longest:
        return [Reason("string_too_long", {"max_length": longest}, "value")]
    if command.value == present:
        return [Reason("correction_same", field="value")]
    return contact_reasons(command.about.value, command.value, "value")
