"""The check of a page that was laid out: no text leaves its frame, and no text lies over another.

The engine lets a word that is too wide stand out of its box, silently. The boxes are WeasyPrint's, whose units are CSS
pixels (0.75 pt).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

TOLERANCE = 0.7
"""Pixels that a text may stand out: rounding, and the side bearing of a letter."""

ASCENT, DESCENT = 0.62, 0.12
"""The part of the font size that ordinary letters take above and below the line they stand on."""


@dataclass(frozen=True, slots=True)
class TextBox:
    """A text as laid out, from its left to its right edge, and the left and right edge of its frame."""

    text: str
    left: float
    right: float
    top: float
    bottom: float
    frame_left: float
    frame_right: float

    @property
    def leaves_frame(self) -> bool:
        """Whether the text stands out of its frame on either side."""
        return self.left < self.frame_left - TOLERANCE or self.right > self.frame_right + TOLERANCE

    def covers(self, other: "TextBox") -> bool:
        """Return whether the letters of two texts lie over each other."""
        across = min(self.right, other.right) - max(self.left, other.left)
        along = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > TOLERANCE and along > TOLERANCE


def misplaced_text(pages: Sequence[Any]) -> str | None:
    """Return the first text that leaves its frame or lies over another on its page; ``None`` when all is in place."""
    for page in pages:
        boxes = sorted(_text_boxes(page._page_box), key=lambda box: box.top)
        for i, box in enumerate(boxes):
            if box.leaves_frame:
                return box.text
            for other in boxes[i + 1 :]:
                if other.top >= box.bottom:
                    break
                if box.covers(other):
                    return other.text
    return None


def _text_boxes(box: Any, left: float = 0, right: float = 0) -> Iterator[TextBox]:  # noqa: ANN401 - not typed
    """Yield the texts inside a box, each with the edges of the innermost block that holds its line."""
    from weasyprint.formatting_structure import boxes  # noqa: PLC0415

    box = getattr(box, "_box", box)  # what is placed absolutely stands behind a placeholder
    if isinstance(box, boxes.TextBox):
        if box.text.strip():
            size, baseline = box.style["font_size"], box.position_y + box.baseline
            top, bottom = baseline - ASCENT * size, baseline + DESCENT * size
            yield TextBox(box.text, box.position_x, box.position_x + box.width, top, bottom, left, right)
    elif isinstance(box, boxes.ParentBox):
        if isinstance(box, boxes.BlockContainerBox):
            left, right = box.content_box_x(), box.content_box_x() + box.width
        for child in box.children:
            yield from _text_boxes(child, left, right)
