"""A file that someone sent, as it is kept: checked by its content, a photo turned into JPEG."""

from dataclasses import dataclass
from typing import Any

from app.learning.hand_ins.photos import rewrite_photo
from app.learning.hand_ins.rules import TYPES, extension, file_reasons, is_rewritten, name_as_jpeg
from app.platform.errors import Invalid, Reason, Unavailable, refuse_unless
from app.platform.files.store import FileStore, digest


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file to keep, and what its row says of it."""

    name: str
    content: bytes

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a row that refers to it."""
        return {
            "file_name": self.name,
            "file_type": TYPES[extension(self.name)],
            "file_size": len(self.content),
            "file_sha256": digest(self.content),
        }


def file_to_keep(name: str, content: bytes, megabytes: int) -> KeptFile:
    """Return a file as it is kept: a photo as a JPEG that does not say where it was taken, and not as it was sent.

    Raise ``Invalid`` with reasons on ``file`` when it is empty, above ``megabytes``, not of an accepted type, or a
    photo that cannot be read.
    """
    refuse_unless(*file_reasons(name, content, megabytes), code="invalid")
    if not is_rewritten(name, content):
        return KeptFile(name, content)
    photo = rewrite_photo(content)
    if isinstance(photo, Reason):
        raise Invalid(None, photo)
    return KeptFile(name_as_jpeg(name), photo)


def load_kept(files: FileStore, name: str) -> bytes:
    """Return the bytes of a digest; raise ``Unavailable`` when they are lost or altered."""
    try:
        return files.load(name)
    except (FileNotFoundError, ValueError) as error:
        raise Unavailable("file_unavailable") from error
