"""Photos as phones take them, in HEIC and JPEG, with what phones write beside the picture."""

from functools import cache
from io import BytesIO

import pillow_heif
from PIL import Image

PLACE = 0x8825
"""Tag of Exif: where the photo was taken."""


def _taken(orientation: int, *, with_place: bool = True) -> Image.Exif:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Fabricant", orientation
    if with_place:
        place = exif.get_ifd(PLACE)
        place[1], place[2], place[3], place[4] = "N", (48.0, 25.0, 3.0), "W", (71.0, 3.0, 9.0)
    return exif


def picture(width: int = 64, height: int = 32) -> Image.Image:
    """Return a white picture whose top left quarter is red."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height // 2))
    return image


@cache
def heic(width: int = 64, height: int = 32, orientation: int = 1) -> bytes:
    """Return a photo in HEIC that says where and with what it was taken."""
    pillow_heif.register_heif_opener()
    out = BytesIO()
    picture(width, height).save(out, "HEIF", quality=90, exif=_taken(orientation).tobytes())
    return out.getvalue()


def jpeg(*, with_place: bool = True, orientation: int = 6) -> bytes:
    """Return a photo in JPEG, that says where it was taken or not."""
    out = BytesIO()
    picture().save(out, "JPEG", quality=90, exif=_taken(orientation, with_place=with_place))
    return out.getvalue()
