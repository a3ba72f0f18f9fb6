"""The keys that sign a college's credentials: named, sealed, replaced without breaking what they have signed.

A college has one as soon as something is to be signed. A retired one signs no more and stays in the
college's DID document, so that what it signed goes on holding.
"""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.certificates import rules_badge
from app.certificates.models import CollegeKey
from app.certificates.schemas import CollegeKeyShown
from app.credentials import public_multikey
from app.db import Session, now, rows
from app.errors import NotFound
from app.keys import Keyring, Use
from app.network.models import College

ALONE = text("select pg_advisory_xact_lock(hashtext('escouade credentials'), :college)")
_KEYS = text("select name, public_key from college_keys(:slug)")


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: a college by its name in addresses, its DID, and the DID URL of the key."""

    slug: str
    did: str
    method: str
    key: Ed25519PrivateKey


def alone(session: Session, college_id: int) -> None:
    """Until the transaction ends, nobody else makes a key or changes a status list of the college.

    The last lock that a transaction takes: whoever holds it waits for no other.
    """
    session.execute(ALONE, {"college": college_id})


def signer(session: Session, ring: Keyring, college_id: int, *, site: str) -> Signer:
    """The college with its current key, made now if there is none (BR-21).

    Issuer: ``did:web`` where ``site`` can be asked by anyone, else the ``did:key`` of that key.
    """
    row = _current(session, college_id)
    if row is None:
        alone(session, college_id)
        row = _current(session, college_id) or _made(session, ring, college_id)
    key = Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex(ring.open(Use.BADGE, row.private_sealed, bound=place_of(row)))
    )
    slug = session.get_one(College, college_id).slug
    if rules_badge.is_public(site):
        did = rules_badge.did_web(site, slug)
        return Signer(slug, did, f"{did}#{row.name}", key)
    did = rules_badge.did_key(row.public_key)
    return Signer(slug, did, f"{did}#{row.public_key}", key)


def place_of(row: CollegeKey) -> str:
    """The place that a private key is bound to: its college and its name."""
    return f"college:{row.college_id}:{row.name}"


def keys_of(session: Session, slug: str) -> tuple[CollegeKeyShown, ...]:
    """A college's keys, oldest first; ``NotFound`` for no such college. The owner's session: all colleges' rows."""
    found = session.exec(
        select(CollegeKey).where(CollegeKey.college_id == _college(session, slug)).order_by(col(CollegeKey.id))
    )
    return tuple(map(CollegeKeyShown.model_validate, found))


def rotate(session: Session, ring: Keyring, slug: str) -> CollegeKeyShown:
    """A new key signs from now on; those before are retired. The owner's session."""
    college_id = _college(session, slug)
    alone(session, college_id)
    for row in session.exec(_signing(college_id)).all():
        row.retired_at = now()
        session.add(row)
    return CollegeKeyShown.model_validate(_made(session, ring, college_id))


def reseal(session: Session, ring: Keyring) -> int:
    """How many private keys were sealed again under the ring's current key; of every college: the owner's session."""
    done = 0
    for row in session.exec(select(CollegeKey).order_by(col(CollegeKey.id)).with_for_update()).all():
        before = row.private_sealed
        row.private_sealed = ring.resealed(Use.BADGE, before, bound=place_of(row))
        done += row.private_sealed != before
        session.add(row)
    return done


def did_document(session: Session, slug: str, *, site: str) -> dict[str, object]:
    """All the keys that prove what the college has signed, for anyone; ``NotFound`` for a college without any."""
    keys = {row.name: row.public_key for row in rows(session, _KEYS, slug=slug)}
    if not keys:
        raise NotFound
    return rules_badge.did_document(rules_badge.did_web(site, slug), keys)


def _college(session: Session, slug: str) -> int:
    found = session.exec(select(College.id).where(College.slug == slug)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _signing(college_id: int) -> SelectOfScalar[CollegeKey]:
    """The keys that are not retired, newest first: the first one signs."""
    unretired = select(CollegeKey).where(CollegeKey.college_id == college_id, col(CollegeKey.retired_at).is_(None))
    return unretired.order_by(col(CollegeKey.id).desc())


def _current(session: Session, college_id: int) -> CollegeKey | None:
    return session.exec(_signing(college_id)).first()


def _made(session: Session, ring: Keyring, college_id: int) -> CollegeKey:
    """A new key; its name is its rank among the college's."""
    rank = len(session.exec(select(CollegeKey.id).where(CollegeKey.college_id == college_id)).all()) + 1
    key = Ed25519PrivateKey.generate()
    row = CollegeKey(
        college_id=college_id,
        name=f"cle-{rank}",
        public_key=public_multikey(key.public_key()),
        private_sealed="",
        created_at=now(),
    )
    row.private_sealed = ring.seal(Use.BADGE, key.private_bytes_raw().hex(), bound=place_of(row))
    session.add(row)
    session.flush()
    return row
