"""Checks of a college's pictures and colours: pictures are encoded again from their pixels, inks must be readable.

Pure. A picture is recognised by its content, never by its name; metadata (place, device, colour profile) is dropped.
Contrast as defined in WCAG 2.2 (1.4.3).
"""

import warnings
from io import BytesIO

from PIL import Image, ImageOps

from app.platform.errors import Reason

MAX_BYTES = 1_000_000
MAX_PIXELS = 8_000_000
"""Checked before anything is decompressed."""
MIN_SIDE = 16
MAX_SIZE = (1200, 600)
"""Most pixels stored, in width and height: 600 dpi in the widest place of a design."""
END_MARKERS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
"""How a complete file ends; Pillow may accept a truncated file, by a global switch that the PDF engine turns on."""
MIN_CONTRAST = 4.5
WHITE = "#ffffff"


def reencode_picture(content: bytes) -> bytes | Reason:
    """Return the picture as a PNG of its pixels alone, no larger than documents need; or the reason of a refusal."""
    if len(content) > MAX_BYTES:
        return Reason("picture_too_large", {"kilobytes": MAX_BYTES // 1000}, "file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
                is_complete = END_MARKERS.get(image.format or "", END_MARKERS["JPEG"]) in content
                return _reencode_pixels(image) if is_complete else Reason("picture_not_readable", field="file")
    except (OSError, ValueError, SyntaxError, EOFError, Warning, Image.DecompressionBombError):
        return Reason("picture_not_readable", field="file")


def _reencode_pixels(image: Image.Image) -> bytes | Reason:
    """Return an opened picture upright, reduced and without metadata, as a PNG; or the reason why it is refused."""
    width, height = image.size
    if width * height > MAX_PIXELS:
        return Reason("picture_too_many_pixels", {"millions": MAX_PIXELS // 1_000_000}, "file")
    if min(width, height) < MIN_SIDE:
        return Reason("picture_too_small", {"pixels": MIN_SIDE}, "file")
    upright = ImageOps.exif_transpose(image)
    is_transparent = upright.mode in ("RGBA", "LA", "PA") or "transparency" in upright.info
    plain = upright.convert("RGBA" if is_transparent else "RGB")
    plain.thumbnail(MAX_SIZE, Image.Resampling.LANCZOS)
    png = BytesIO()
    Image.frombytes(plain.mode, plain.size, plain.tobytes()).save(png, "PNG")
    return png.getvalue()


def refuse_ink(ink: str | None) -> list[Reason]:
    """Return the reason why an ink ``#rrggbb`` is not readable on white paper: a contrast below 4.5 to 1."""
    ratio = contrast_ratio(ink, WHITE) if ink else MIN_CONTRAST
    if ratio >= MIN_CONTRAST:
        return []
    return [Reason("ink_too_pale", {"contrast": f"{ratio:.1f}".replace(".", ","), "needed": "4,5"}, "ink")]


def contrast_ratio(one: str, other: str) -> float:
    """Return the contrast of two colours ``#rrggbb``, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour, from 0 to 1 (WCAG 2.2)."""
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)  # noqa: PLR2004 - WCAG
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
