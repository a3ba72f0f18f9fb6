"""The manifest of a backup: what is in it, of which version, sealed by the keyring that its secrets need.

The seal is a MAC under the keyring: restoring runs what the archive says as the database's owner, so an archive that
somebody else could have written is refused. The keyring itself is never in a backup.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Connection, select, text
from sqlmodel import col

from app.platform.backup.state import DatabaseState
from app.platform.database.claims import ClaimKey, key_id
from app.platform.errors import Conflict, Invalid
from app.platform.json import canonical
from app.platform.security.keyring import KeyPurpose, Keyring

FORMAT: Literal[1] = 1
MANIFEST = "manifest.json"
ARCHIVE = "database.dump"
PIECE = 1 << 20

OnBytes = Callable[[int], None]
"""Told how many bytes were read or written since the last time."""


class Content(BaseModel):
    """A file of the backup: its size and its SHA-256."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup holds, and what restoring it needs.

    ``keys`` are the public names of the keyring's keys by version; ``roles`` those that objects give rights to;
    ``files`` the stored files by their path, which ends with their SHA-256; ``missing`` the digests that rows name and
    that the store had lost already.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = FORMAT
    version: str
    made_at: datetime
    server: int
    archive_version: int
    archive: Content
    state: DatabaseState
    roles: tuple[str, ...]
    keys: dict[int, str]
    files: dict[str, int]
    missing: tuple[str, ...]

    @property
    def bytes(self) -> int:
        """The size of the whole backup, without its manifest."""
        return self.archive.bytes + sum(self.files.values())


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was read and whose manifest is right."""

    folder: Path
    manifest: Manifest


def key_names(keyring: Keyring) -> dict[int, str]:
    """Return the public names of a keyring's keys, by version: its fingerprint."""
    return {version: key_id(keyring.derived(KeyPurpose.CLAIMS, version=version)) for version in sorted(keyring.keys)}


def refuse_other_keyring(owner: Connection, keyring: Keyring) -> None:
    """Raise ``Conflict`` when the database knows a key that the keyring lacks: it would not open all that is sealed."""
    if owner.execute(text("select to_regclass('claim_key')")).scalar_one() is None:
        return
    known = set(owner.execute(select(col(ClaimKey.id))).scalars())
    if unknown := known - set(key_names(keyring).values()):
        raise Conflict("keyring_lacks_keys", keys=", ".join(sorted(unknown)))


def sealed(manifest: Manifest, keyring: Keyring) -> str:
    """Return the text of the manifest's file."""
    content = manifest.model_dump(mode="json")
    mac = keyring.mac(KeyPurpose.BACKUP, canonical(content))
    return json.dumps({"manifest": content, "key": keyring.current, "mac": mac}, indent=1, ensure_ascii=False)


def read_backup(folder: Path, keyring: Keyring) -> Backup:
    """Return the backup of a folder, its manifest verified; its other files are verified by :func:`check_contents`.

    Raise ``Invalid``: no backup, one that was not finished, of a newer format, of another keyring, or altered.
    """
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise Invalid("backup_missing", folder=str(folder)) from None
    except ValueError:
        raise Invalid("backup_altered", file=MANIFEST) from None
    content, key, mac = _parts(document)
    if content.get("format") != FORMAT:
        raise Invalid("backup_format", version=str(content.get("version")))
    try:
        manifest = Manifest.model_validate(content)
    except ValidationError:
        raise Invalid("backup_altered", file=MANIFEST) from None
    ours = key_names(keyring)
    if missing := [version for version, name in manifest.keys.items() if ours.get(version) != name]:
        raise Invalid("backup_other_keyring", versions=", ".join(map(str, missing)))
    if key not in keyring.keys or not hmac.compare_digest(
        keyring.mac(KeyPurpose.BACKUP, canonical(content), version=key), mac
    ):
        raise Invalid("backup_altered", file=MANIFEST)
    return Backup(folder, manifest)


def _parts(document: Any) -> tuple[dict[str, Any], int, str]:  # noqa: ANN401 - JSON of anybody
    """Return the manifest, the version of the key that sealed it, and the seal."""
    try:
        content, key, mac = document["manifest"], document["key"], document["mac"]
    except (KeyError, TypeError):
        raise Invalid("backup_altered", file=MANIFEST) from None
    if not (isinstance(content, dict) and isinstance(key, int) and isinstance(mac, str) and mac.isascii()):
        raise Invalid("backup_altered", file=MANIFEST)
    return content, key, mac


def check_contents(backup: Backup, on_bytes: OnBytes) -> None:
    """Raise ``Invalid`` unless every file that the manifest names is there, whole and as it was written."""
    for name, expected, sha256 in _contents(backup.manifest):
        try:
            size, found = measure(backup.folder / name, on_bytes)
        except FileNotFoundError:
            raise Invalid("backup_truncated", file=name) from None
        if size < expected:
            raise Invalid("backup_truncated", file=name)
        if found != sha256:
            raise Invalid("backup_altered", file=name)


def _contents(manifest: Manifest) -> Iterator[tuple[str, int, str]]:
    yield ARCHIVE, manifest.archive.bytes, manifest.archive.sha256
    for name, size in manifest.files.items():
        yield name, size, name.rpartition("/")[2]


def measure(path: Path, on_bytes: OnBytes) -> tuple[int, str]:
    """Return the size and the SHA-256 of a file."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
            size += len(piece)
            on_bytes(len(piece))
    return size, digest.hexdigest()
