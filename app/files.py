"""Files kept by the SHA-256 of their content: the same bytes once, whole or not at all."""

import hashlib
import os
import tempfile
from pathlib import Path


def store(root: Path, content: bytes) -> str:
    """Keep bytes under ``root``; returns their SHA-256. A crash leaves no half file behind its name."""
    digest = hashlib.sha256(content).hexdigest()
    path = _place(root, digest)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    return digest


def load(root: Path, digest: str) -> bytes:
    """The bytes of a digest; ``FileNotFoundError`` when they are not kept, ``ValueError`` when they were altered."""
    content = _place(root, digest).read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise ValueError(f"{digest}: altered")
    return content


def _place(root: Path, digest: str) -> Path:
    return root / "files" / digest[:2] / digest
