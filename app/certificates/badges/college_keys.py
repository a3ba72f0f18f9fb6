"""The keys that sign a college's credentials: named, stored encrypted, and rotated without breaking old signatures.

A college gets its first key when something is to be signed. A retired key signs no more and stays in the
college's DID document, so that what it signed can still be verified.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.certificates.badges import rules
from app.certificates.badges.models import CollegeKey
from app.certificates.badges.schemas import CollegeKeyShown
from app.network.models import College
from app.platform.clock import now
from app.platform.database.rows import fetch_all
from app.platform.database.session import Session
from app.platform.documents.verifiable_credentials import public_multikey
from app.platform.errors import NotFound
from app.platform.security.keyring import KeyPurpose, Keyring

_LOCK = text("select pg_advisory_xact_lock(hashtext('escouade credentials'), :college)")
_KEYS = text("select name, public_key from college_keys(:slug)")


@dataclass(frozen=True, slots=True)
class Signer:
    """A college that signs: its slug, its DID, its current key, and the DID URL of that key."""

    slug: str
    did: str
    method: str
    key: Ed25519PrivateKey


def lock_credentials(db: Session, college_id: int) -> None:
    """Lock the college's keys and status lists until the transaction ends.

    Always the last lock that a transaction takes, so that its holder waits for no other.
    """
    db.execute(_LOCK, {"college": college_id})


def load_signer(db: Session, keyring: Keyring, college_id: int, *, site: str) -> Signer:
    """Return the college with its current key, created now if there is none (BR-21).

    The issuer is ``did:web`` where ``site`` is public, else the ``did:key`` of that key.
    """
    row = _current_key(db, college_id)
    if row is None:
        lock_credentials(db, college_id)
        row = _current_key(db, college_id) or _create_key(db, keyring, college_id)
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex(keyring.decrypt(KeyPurpose.BADGE, row.private_sealed, bound=key_binding(row)))
    )
    slug = db.get_one(College, college_id).slug
    if rules.is_public_site(site):
        did = rules.did_web(site, slug)
        return Signer(slug, did, f"{did}#{row.name}", key)
    did = rules.did_key(row.public_key)
    return Signer(slug, did, f"{did}#{row.public_key}", key)


def key_binding(row: CollegeKey) -> str:
    """Return the context that a private key is encrypted for: its college and its name."""
    return f"college:{row.college_id}:{row.name}"


def list_keys(db: Session, slug: str) -> tuple[CollegeKeyShown, ...]:
    """Return a college's keys, oldest first; raise ``NotFound`` for no such college. Needs the owner's session."""
    rows = db.exec(
        select(CollegeKey).where(CollegeKey.college_id == _college_id(db, slug)).order_by(col(CollegeKey.id))
    )
    return tuple(map(CollegeKeyShown.model_validate, rows))


def rotate(db: Session, keyring: Keyring, slug: str) -> CollegeKeyShown:
    """Create a key that signs from now on, and retire those before. Needs the owner's session."""
    college_id = _college_id(db, slug)
    lock_credentials(db, college_id)
    for row in db.exec(_active_keys(college_id)).all():
        row.retired_at = now()
        db.add(row)
    return CollegeKeyShown.model_validate(_create_key(db, keyring, college_id))


def reencrypt_keys(db: Session, keyring: Keyring) -> int:
    """Encrypt every private key under the keyring's current key; return how many changed. Needs the owner's session."""
    changed = 0
    for row in db.exec(select(CollegeKey).order_by(col(CollegeKey.id)).with_for_update()).all():
        before = row.private_sealed
        row.private_sealed = keyring.reencrypt(KeyPurpose.BADGE, before, bound=key_binding(row))
        changed += row.private_sealed != before
        db.add(row)
    return changed


def did_document(db: Session, slug: str, *, site: str) -> dict[str, object]:
    """Return the DID document with all of the college's keys; raise ``NotFound`` for a college without keys."""
    keys = {row.name: row.public_key for row in fetch_all(db, _KEYS, slug=slug)}
    if not keys:
        raise NotFound
    return rules.did_document(rules.did_web(site, slug), keys)


def _college_id(db: Session, slug: str) -> int:
    college_id = db.exec(select(College.id).where(College.slug == slug)).one_or_none()
    if college_id is None:
        raise NotFound
    return college_id


def _active_keys(college_id: int) -> SelectOfScalar[CollegeKey]:
    """Return the query of the keys that are not retired, newest first: the first one signs."""
    active = select(CollegeKey).where(CollegeKey.college_id == college_id, col(CollegeKey.retired_at).is_(None))
    return active.order_by(col(CollegeKey.id).desc())


def _current_key(db: Session, college_id: int) -> CollegeKey | None:
    return db.exec(_active_keys(college_id)).first()


def _create_key(db: Session, keyring: Keyring, college_id: int) -> CollegeKey:
    """Create a key, named by its rank among the college's keys."""
    rank = len(db.exec(select(CollegeKey.id).where(CollegeKey.college_id == college_id)).all()) + 1
    key = Ed25519PrivateKey.generate()
    row = CollegeKey(
        college_id=college_id,
        name=f"cle-{rank}",
        public_key=public_multikey(key.public_key()),
        private_sealed="",
        created_at=now(),
    )
    row.private_sealed = keyring.encrypt(KeyPurpose.BADGE, key.private_bytes_raw().hex(), bound=key_binding(row))
    db.add(row)
    db.flush()
    return row
