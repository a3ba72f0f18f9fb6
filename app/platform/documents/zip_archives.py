"""ZIP archives, written in pieces."""

import io
import zipfile
from collections.abc import Iterable, Iterator
from datetime import datetime


class _WriteBuffer(io.RawIOBase):
    """A file object that is emptied as an archive is written to it: the archive is never whole in memory."""

    def __init__(self) -> None:
        self.pending = bytearray()

    def writable(self) -> bool:
        """Return ``True``; the buffer is not seekable."""
        return True

    def write(self, content: object) -> int:
        """Append bytes and return how many."""
        before = len(self.pending)
        self.pending += content  # type: ignore[arg-type]
        return len(self.pending) - before

    def drain(self) -> bytes:
        """Return the bytes written since the last call, and empty the buffer."""
        content = bytes(self.pending)
        self.pending.clear()
        return content


def zip_stream(members: Iterable[tuple[str, bytes]], at: datetime) -> Iterator[bytes]:
    """Yield a ZIP archive of ``(name, content)`` members in pieces; ``at`` dates each, so that bytes are reproducible.

    Members are deflated, though documents hardly shrink: a streaming reader cannot find the end of stored ones.
    """
    buffer = _WriteBuffer()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, content in members:
            entry = zipfile.ZipInfo(name, at.timetuple()[:6])
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(entry, content)
            yield buffer.drain()
    yield buffer.drain()
