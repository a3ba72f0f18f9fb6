"""The size of each printed text, and what forbids issuing a document on which a text would not fit.

The length of a text gives its size first; a word wider than its frame then takes the next smaller one. Widths are those
of the design's fonts, frames those that its ``design.yaml`` declares (certificates/README.md).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from app.certificates.documents import rules
from app.certificates.documents.designs import design_declaration, design_folder
from app.certificates.schemas import CertificateRecord
from app.platform.documents.text_width import widest_word, width
from app.platform.errors import Reason
from app.platform.messages import i18n

SMALL = 3
"""The first of the small size classes."""
FOUR = 4
"""The number of signatories from which each has a narrower place."""


@dataclass(frozen=True, slots=True)
class PrintedText:
    """A text of a record: the field's name, the frame it is printed in, and the limits of its sizes by length.

    ``counted`` is the text whose length gives the size, where several texts share one; ``on_one_line``: the text has no
    second line to go to.
    """

    field: str
    frame: str
    text: str
    limits: tuple[int, ...] = ()
    counted: str | None = None
    on_one_line: bool = False


def size_classes(record: CertificateRecord) -> dict[str, rules.Size]:
    """Return the size class of each frame of a record, the smallest where even that does not fit."""
    sizes: dict[str, rules.Size] = {}
    for printed in printed_texts(record):
        size = fitting_size(record, printed) or rules.SIZES[-1]
        shown = "signatory" if printed.field == "signatories" else printed.frame
        sizes[shown] = max(size, sizes.get(shown, rules.SIZES[0]), key=rules.SIZES.index)
    return sizes


def fitting_size(record: CertificateRecord, printed: PrintedText) -> rules.Size | None:
    """Return the largest size class, from that of the text's length on, in which every word is within the frame."""
    folder = design_folder(record.design)
    frame = design_declaration(folder)["frames"][printed.frame]
    measure = width if printed.on_one_line else widest_word
    wide = measure(folder, frame["face"], printed.text)
    points = frame.get(rules.density(record), frame["sizes"])
    first = rules.SIZES.index(rules.size_class(printed.counted or printed.text, printed.limits))
    return next((rules.SIZES[i] for i in range(first, len(rules.SIZES)) if wide * points[i] <= frame["width"]), None)


def refuse_unfitting(record: CertificateRecord) -> list[Reason]:
    """Return a reason for each text of a record that fits its frame in no size, with the field's name."""
    unfitting = {p.field: p.text for p in printed_texts(record) if fitting_size(record, p) is None}
    return [
        Reason("certificate_text_too_wide", {"what": i18n.t(f"certificates.printed.{field}"), "text": text}, field)
        for field, text in unfitting.items()
    ]


def long_fields(record: CertificateRecord) -> list[str]:
    """Return the fields printed in one of the small sizes: only laying the document out shows whether they all fit."""
    small = rules.SIZES[SMALL:]
    return list(dict.fromkeys(p.field for p in printed_texts(record) if fitting_size(record, p) in small))


def printed_texts(record: CertificateRecord) -> Iterator[PrintedText]:
    """Yield the texts of a record that people or curricula have written."""
    yield PrintedText("college_name", "college", rules.typographic(record.college_name), rules.TITLE_LIMITS)
    yield PrintedText("holder", "name", record.holder, rules.NAME_LIMITS)
    yield PrintedText("path_title", "title", rules.typographic(record.path_title), rules.TITLE_LIMITS)
    yield PrintedText("object", "object", rules.typographic(record.object), rules.PROSE_LIMITS)
    yield PrintedText("place", "place", rules.typographic(record.place), rules.PLACE_LIMITS)
    longest = max((s.name + s.title for s in record.signatories), key=len)
    frame = "signatory_of_four" if len(record.signatories) >= FOUR else "signatory"
    for text in (text for s in record.signatories for text in (s.name, rules.typographic(s.title))):
        yield PrintedText("signatories", frame, text, rules.LINE_LIMITS, longest)
    for competency in record.competencies:
        yield PrintedText("competencies", "competency", rules.typographic(competency.title))
    yield PrintedText("city", "city", rules.typographic(record.city), on_one_line=True)
