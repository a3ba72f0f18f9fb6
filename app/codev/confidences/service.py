"""Encrypting and decrypting a group's texts. What is plain stays in the process: no column ever holds it (BR-11).

Who may read a text is decided by the service of its kind, and again by row-level security: its author, and for what is
shared the members of the group and its facilitator; no coordinator, administrator or registrar.
"""

import base64
from collections.abc import Collection
from dataclasses import asdict, dataclass
from typing import TypeVar

import sqlalchemy as sa
from pydantic import BaseModel
from sqlmodel import col, select

from app.codev.confidences.cipher import binding, decrypt, encrypt, new_key
from app.codev.confidences.enums import ConfidenceKind
from app.codev.confidences.models import Confidence, GroupKey
from app.codev.groups.models import CodevGroup
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.errors import Gone
from app.platform.security.keyring import KeyPurpose, Keyring

Content = TypeVar("Content", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a new text stands: its group, its author, what it is."""

    college_id: int
    group_id: int
    person_id: int
    kind: ConfidenceKind


def key_binding(group_id: int) -> str:
    """Return what the wrapped key of a group is bound to."""
    return f"codev group {group_id}"


def write(db: Session, keyring: Keyring, place: Place, content: BaseModel) -> int:
    """Encrypt a new text and return its id; raise ``Gone`` once the texts of its group are destroyed."""
    key = _key_to_write(db, keyring, place.group_id, place.college_id)
    new_id: int = db.execute(sa.select(sa.func.nextval("codev_confidence_id_seq"))).scalar_one()
    bound = binding(place.group_id, place.kind, new_id)
    sealed = encrypt(key, content.model_dump_json(), bound=bound)
    db.add(Confidence(id=new_id, **asdict(place), content_sealed=sealed, written_at=now()))
    db.flush()
    return new_id


def rewrite(db: Session, keyring: Keyring, confidence_id: int | None, content: BaseModel) -> None:
    """Encrypt what a text becomes, under a new nonce; raise ``Gone`` once it was destroyed."""
    if confidence_id is None:
        raise Gone("confidences_destroyed")
    row = db.get_one(Confidence, confidence_id)
    key = _key_to_write(db, keyring, row.group_id, row.college_id)
    bound = binding(row.group_id, row.kind, row.id)
    row.content_sealed, row.written_at = encrypt(key, content.model_dump_json(), bound=bound), now()
    db.add(row)
    db.flush()


def read(db: Session, keyring: Keyring, ids: Collection[int | None], shape: type[Content]) -> dict[int, Content]:
    """Return the texts of some ids, decrypted, by id; those that were destroyed, or are out of reach, are left out."""
    wanted = [id_ for id_ in ids if id_ is not None]
    if not wanted:
        return {}
    statement = (
        select(Confidence, GroupKey.key_sealed)
        .join(GroupKey, col(GroupKey.group_id) == Confidence.group_id)
        .where(col(Confidence.id).in_(wanted))
    )
    keys: dict[int, bytes] = {}
    found: dict[int, Content] = {}
    for row, sealed in db.exec(statement).all():
        if sealed is None:
            continue
        if row.group_id not in keys:
            keys[row.group_id] = _unwrapped(keyring, row.group_id, sealed)
        plain = decrypt(keys[row.group_id], row.content_sealed, bound=binding(row.group_id, row.kind, row.id))
        found[row.id] = shape.model_validate_json(plain)
    return found


def seal_for_group(db: Session, keyring: Keyring, of: tuple[int, int], plain: str, *, bound: str) -> str:
    """Return a text of nobody in particular, encrypted for ``(college, group)``; raise ``Gone`` once destroyed."""
    college_id, group_id = of
    key = _key_to_write(db, keyring, group_id, college_id)
    return encrypt(key, plain, bound=f"codev {bound} of {group_id}".encode())


def open_for_group(db: Session, keyring: Keyring, group_id: int, sealed: str, *, bound: str) -> str:
    """Return a text that :func:`seal_for_group` encrypted; raise ``Gone`` once the group's key is destroyed."""
    wrapped = db.exec(select(GroupKey.key_sealed).where(GroupKey.group_id == group_id)).one_or_none()
    if wrapped is None:
        raise Gone("confidences_destroyed")
    return decrypt(_unwrapped(keyring, group_id, wrapped), sealed, bound=f"codev {bound} of {group_id}".encode())


def is_destroyed(db: Session, group_id: int) -> bool:
    """Whether the texts of a group were destroyed: nothing is written for it any more."""
    statement = select(GroupKey.id).where(GroupKey.group_id == group_id, col(GroupKey.key_sealed).is_(None))
    return db.exec(statement).first() is not None


def _key_to_write(db: Session, keyring: Keyring, group_id: int, college_id: int) -> bytes:
    """Return the key of a group, made when it has none; raise ``Gone`` once it is destroyed."""
    of_group = select(GroupKey).where(GroupKey.group_id == group_id)
    row = db.exec(of_group).one_or_none()
    if row is None:
        db.get_one(CodevGroup, group_id, with_for_update={"key_share": True})  # two first texts make one key
        row = db.exec(of_group).one_or_none()
    if row is None:
        key = new_key()
        sealed = keyring.encrypt(KeyPurpose.CODEV, base64.b64encode(key).decode(), bound=key_binding(group_id))
        db.add(GroupKey(college_id=college_id, group_id=group_id, key_sealed=sealed, created_at=now()))
        db.flush()
        return key
    if row.key_sealed is None:
        raise Gone("confidences_destroyed")
    return _unwrapped(keyring, group_id, row.key_sealed)


def _unwrapped(keyring: Keyring, group_id: int, sealed: str) -> bytes:
    return base64.b64decode(keyring.decrypt(KeyPurpose.CODEV, sealed, bound=key_binding(group_id)))


def reencrypt_group_keys(db: Session, keyring: Keyring) -> int:
    """Wrap every group's key again under the keyring's current key; return how many changed. Needs the owner's session.

    The texts stay as they are: the key under which they are encrypted is the same.
    """
    changed = 0
    kept = select(GroupKey).where(col(GroupKey.key_sealed).is_not(None)).order_by(col(GroupKey.id)).with_for_update()
    for row in db.exec(kept).all():
        before = row.key_sealed or ""
        row.key_sealed = keyring.reencrypt(KeyPurpose.CODEV, before, bound=key_binding(row.group_id))
        changed += row.key_sealed != before
        db.add(row)
    return changed
