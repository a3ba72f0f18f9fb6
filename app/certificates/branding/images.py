"""What a college may put on its documents: pictures remade from their pixels alone, colours that can be read.

Pure. A picture is judged by its content, never by its name; what a file holds besides pixels (places, devices,
scripts in a profile) does not come along. Contrast as WCAG 2.2 (1.4.3) measures it.
"""

import warnings
from io import BytesIO

from PIL import Image, ImageOps

from app.platform.errors import Reason

MAX_BYTES = 1_000_000
MAX_PIXELS = 8_000_000
"""Looked at before anything is decompressed."""
MIN_SIDE = 16
PRINTED = (1200, 600)
"""Most pixels kept, wide and high: 600 dpi in the widest place that a design gives."""
ENDS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9"}
"""How a whole file ends; whether Pillow reads the rest of a file cut short is a switch that others turn."""
CONTRAST = 4.5
WHITE = "#ffffff"


def picture(content: bytes) -> bytes | Reason:
    """The picture as a PNG of its own pixels, no larger than documents need; or why not."""
    if len(content) > MAX_BYTES:
        return Reason("picture_too_large", {"kilobytes": MAX_BYTES // 1000}, "file")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as image:
                whole = ENDS.get(image.format or "", ENDS["JPEG"]) in content
                return _remade(image) if whole else Reason("picture_not_readable", field="file")
    except (OSError, ValueError, SyntaxError, EOFError, Warning, Image.DecompressionBombError):
        return Reason("picture_not_readable", field="file")


def _remade(image: Image.Image) -> bytes | Reason:
    width, height = image.size
    if width * height > MAX_PIXELS:
        return Reason("picture_too_many_pixels", {"millions": MAX_PIXELS // 1_000_000}, "file")
    if min(width, height) < MIN_SIDE:
        return Reason("picture_too_small", {"pixels": MIN_SIDE}, "file")
    turned = ImageOps.exif_transpose(image)
    clear = turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info
    plain = turned.convert("RGBA" if clear else "RGB")
    plain.thumbnail(PRINTED, Image.Resampling.LANCZOS)
    remade = BytesIO()
    Image.frombytes(plain.mode, plain.size, plain.tobytes()).save(remade, "PNG")
    return remade.getvalue()


def refuse_ink(ink: str | None) -> list[Reason]:
    """Titles must be read on white paper: a contrast of 4.5 to 1; ``ink`` is ``#rrggbb``."""
    found = contrast(ink, WHITE) if ink else CONTRAST
    if found >= CONTRAST:
        return []
    return [Reason("ink_too_pale", {"contrast": f"{found:.1f}".replace(".", ","), "needed": "4,5"}, "ink")]


def contrast(one: str, other: str) -> float:
    """Between two colours ``#rrggbb``, from 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)  # noqa: PLR2004 - WCAG
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
