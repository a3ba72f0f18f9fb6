"""Photos as phones send them: HEIC becomes JPEG, and what the phone wrote beside the picture is taken out.

libheif reads what anyone may have made, and has had grave defects (docs/decisions/0038): it runs in a process of its
own, which never holds the keys that the document process is lent, and is killed past its limits.
"""

from io import BytesIO

from app.learning.hand_ins.rules import is_heif
from app.platform.documents.document_process import DocumentProcess
from app.platform.documents.render_pool import RenderPoolUnavailable
from app.platform.errors import Reason

PIXELS = 64_000_000
"""Of the largest photo that is read; phones take up to 50 million by themselves."""
SIDE = 4096
"""Longest side of a photo that was turned into JPEG: larger ones are reduced."""
QUALITY = 88
ORIENTATION, PLACE = 0x0112, 0x8825
"""Tags of Exif: how to turn the picture, and where it was taken."""

PATIENCE = 10
"""How many seconds a photo waits for its turn: a whole class sends theirs at once, and each holds a place among the
requests meanwhile. Then the form comes back, to be sent again."""

_process = DocumentProcess(seconds=20, megabytes=600, patience=PATIENCE)


def rewrite_photo(content: bytes) -> bytes | Reason:
    """Return a photo as a JPEG that does not say where it was taken, or why it is not taken.

    A JPEG that names no place is returned as it is. Raise ``RenderPoolUnavailable`` when no process starts, and
    ``Unavailable("busy")`` when its turn does not come.
    """
    try:
        return _process.call(read_photo, content)
    except RenderPoolUnavailable as failure:
        if failure.reasons:  # this photo took too long or too much memory, or killed the process
            return Reason("photo_unreadable", field="file")
        raise


def read_photo(content: bytes) -> bytes | Reason:
    """Do the work of :func:`rewrite_photo`, in its process."""
    try:
        return _from_heic(content) if is_heif(content) else _without_place(content)
    except MemoryError:
        raise  # the pool replaces a process whose memory is exhausted
    except Exception:  # whatever Pillow and libheif raise for what they cannot read
        return Reason("photo_unreadable", field="file")


def _from_heic(content: bytes) -> bytes | Reason:
    import pillow_heif  # noqa: PLC0415 - only in its process
    from PIL import Image  # noqa: PLC0415

    pillow_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    with Image.open(BytesIO(content), formats=["HEIF"]) as image:
        if image.width * image.height > PIXELS:
            return _too_large()
        image.thumbnail((SIDE, SIDE))  # libheif has turned the picture; what Exif says of it is to be ignored
        out = BytesIO()
        profile = image.info.get("icc_profile")  # phones use wider colours than a picture without profile means
        image.convert("RGB").save(out, "JPEG", quality=QUALITY, exif=b"", xmp=b"", icc_profile=profile)
    return out.getvalue()


def _without_place(content: bytes) -> bytes | Reason:
    from PIL import Image  # noqa: PLC0415
    from PIL.JpegImagePlugin import JpegImageFile  # noqa: PLC0415

    image = JpegImageFile(BytesIO(content))
    exif = image.getexif()
    if not exif.get_ifd(PLACE) and b"GPS" not in image.info.get("xmp", b""):
        return content
    if image.width * image.height > PIXELS:
        return _too_large()
    kept = Image.Exif()
    if ORIENTATION in exif:
        kept[ORIENTATION] = exif[ORIENTATION]
    out = BytesIO()
    profile = image.info.get("icc_profile")
    image.save(out, "JPEG", quality="keep", exif=kept, xmp=b"", icc_profile=profile)  # the same tables: nothing to see
    return out.getvalue()


def _too_large() -> Reason:
    return Reason("photo_too_large", {"megapixels": PIXELS // 1_000_000}, "file")
