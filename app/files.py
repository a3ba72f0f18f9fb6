"""Files kept by the SHA-256 of their content: the same bytes once, whole or not at all."""

import hashlib
import os
import tempfile
from pathlib import Path


def digest(content: bytes) -> str:
    """The name under which bytes are kept: their SHA-256."""
    return hashlib.sha256(content).hexdigest()


def store(root: Path, content: bytes) -> str:
    """Keep bytes under ``root``; returns their SHA-256. A crash leaves no half file behind its name."""
    name = digest(content)
    path = _place(root, name)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, unfinished = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(unfinished).replace(path)
    return name


def load(root: Path, name: str) -> bytes:
    """The bytes of a digest; ``FileNotFoundError`` when they are not kept, ``ValueError`` when they were altered."""
    content = _place(root, name).read_bytes()
    if digest(content) != name:
        raise ValueError(f"{name}: altered")
    return content


def _place(root: Path, name: str) -> Path:
    return root / "files" / name[:2] / name
