"""The keys that sign a college's credentials: named, sealed, replaced without breaking what they have signed.

A college has one as soon as something is to be signed. A retired one signs no more and stays in the
college's DID document, so that what it signed goes on holding.
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
from app.platform.security.keyring import Keyring, Use

ALONE = text("select pg_advisory_xact_lock(hashtext('escouade credentials'), :college)")
_KEYS = text("select name, public_key from college_keys(:slug)")


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a college by its name in addresses, its DID, and the DID URL of the key."""

    slug: str
    did: str
    method: str
    key: Ed25519PrivateKey


def alone(db: Session, college_id: int) -> None:
    """Until the transaction ends, nobody else makes a key or changes a status list of the college.

    The last lock that a transaction takes: whoever holds it waits for no other.
    """
    db.execute(ALONE, {"college": college_id})


def signer(db: Session, keyring: Keyring, college_id: int, *, site: str) -> Signer:
    """The college with its current key, made now if there is none (BR-21).

    Issuer: ``did:web`` where ``site`` can be asked by anyone, else the ``did:key`` of that key.
    """
    row = _current(db, college_id)
    if row is None:
        alone(db, college_id)
        row = _current(db, college_id) or _made(db, keyring, college_id)
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex(keyring.decrypt(Use.BADGE, row.private_sealed, bound=place_of(row)))
    )
    slug = db.get_one(College, college_id).slug
    if rules.is_public(site):
        did = rules.did_web(site, slug)
        return Signer(slug, did, f"{did}#{row.name}", key)
    did = rules.did_key(row.public_key)
    return Signer(slug, did, f"{did}#{row.public_key}", key)


def place_of(row: CollegeKey) -> str:
    """The place that a private key is bound to: its college and its name."""
    return f"college:{row.college_id}:{row.name}"


def keys_of(db: Session, slug: str) -> tuple[CollegeKeyShown, ...]:
    """A college's keys, oldest first; ``NotFound`` for no such college. The owner's session: all colleges' rows."""
    found = db.exec(select(CollegeKey).where(CollegeKey.college_id == _college(db, slug)).order_by(col(CollegeKey.id)))
    return tuple(map(CollegeKeyShown.model_validate, found))


def rotate(db: Session, keyring: Keyring, slug: str) -> CollegeKeyShown:
    """A new key signs from now on; those before are retired. The owner's session."""
    college_id = _college(db, slug)
    alone(db, college_id)
    for row in db.exec(_signing(college_id)).all():
        row.retired_at = now()
        db.add(row)
    return CollegeKeyShown.model_validate(_made(db, keyring, college_id))


def reseal(db: Session, keyring: Keyring) -> int:
    """How many private keys were sealed again under the ring's current key; of every college: the owner's session."""
    done = 0
    for row in db.exec(select(CollegeKey).order_by(col(CollegeKey.id)).with_for_update()).all():
        before = row.private_sealed
        row.private_sealed = keyring.resealed(Use.BADGE, before, bound=place_of(row))
        done += row.private_sealed != before
        db.add(row)
    return done


def did_document(db: Session, slug: str, *, site: str) -> dict[str, object]:
    """All the keys that prove what the college has signed, for anyone; ``NotFound`` for a college without any."""
    keys = {row.name: row.public_key for row in fetch_all(db, _KEYS, slug=slug)}
    if not keys:
        raise NotFound
    return rules.did_document(rules.did_web(site, slug), keys)


def _college(db: Session, slug: str) -> int:
    found = db.exec(select(College.id).where(College.slug == slug)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _signing(college_id: int) -> SelectOfScalar[CollegeKey]:
    """The keys that are not retired, newest first: the first one signs."""
    unretired = select(CollegeKey).where(CollegeKey.college_id == college_id, col(CollegeKey.retired_at).is_(None))
    return unretired.order_by(col(CollegeKey.id).desc())


def _current(db: Session, college_id: int) -> CollegeKey | None:
    return db.exec(_signing(college_id)).first()


def _made(db: Session, keyring: Keyring, college_id: int) -> CollegeKey:
    """A new key; its name is its rank among the college's."""
    rank = len(db.exec(select(CollegeKey.id).where(CollegeKey.college_id == college_id)).all()) + 1
    key = Ed25519PrivateKey.generate()
    row = CollegeKey(
        college_id=college_id,
        name=f"cle-{rank}",
        public_key=public_multikey(key.public_key()),
        private_sealed="",
        created_at=now(),
    )
    row.private_sealed = keyring.encrypt(Use.BADGE, key.private_bytes_raw().hex(), bound=place_of(row))
    db.add(row)
    db.flush()
    return row
