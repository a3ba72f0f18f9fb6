"""Certificates' documents: made once of the record, kept by their SHA-256, the same bytes ever after."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlmodel import col, select

from app.certificates.badges.service import credential_of, mark_ended
from app.certificates.documents.layout import Draft, document, signed
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRecord, CertificateRef, Document
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.documents.blob_store import digest, is_kept, load, load_restricted, restrict, store
from app.platform.documents.pades import SigningKeys
from app.platform.errors import Conflict, Unavailable
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import P


@dataclass(frozen=True, slots=True)
class DocumentStore:
    """What documents are made with: where files are kept, where verification pages stand, what seals and signs."""

    root: Path
    site: str
    keyring: Keyring
    keys: SigningKeys = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, keyring: Keyring) -> "DocumentStore":
        """That of a deployment."""
        return cls(settings.data_dir, settings.base_url, keyring, settings.signing)


def pdf(db: Session, actor: Actor, seen: CertificateRef, shop: DocumentStore) -> Document:
    """The certificate's document, its credential inside.

    Raises ``Conflict("certificate_not_valid")`` once it was replaced or revoked (but for the registrar, who answers
    for what was issued), ``PdfUnavailable`` where the engine's libraries are missing,
    ``SigningKeyUnreadable`` when the college's key does not open, ``Unavailable("certificate_lost")`` when the kept
    file is gone and what the record gives today would not be the same (a signed one never is).
    """
    row = locked(db, seen.id)
    if row.state is CertificateState.VALID:
        content = _content(db, row, shop)
    elif _answers_for(db, actor, row) and row.pdf_sha256 is not None:
        content = _ended(row.pdf_sha256, shop.root)
    else:
        raise Conflict("certificate_not_valid")
    return Document(name=f"{row.number}.pdf", content=content)


def badge(db: Session, seen: CertificateRef, shop: DocumentStore) -> Document:
    """The certificate's credential as a file: the same bytes every time; ``Conflict("certificate_not_valid")``."""
    row = locked(db, seen.id)
    if row.state is not CertificateState.VALID:
        raise Conflict("certificate_not_valid")
    content = credential_of(db, shop.keyring, row, site=shop.site)
    return Document(name=f"{row.number}.json", content=content.encode())


def locked(db: Session, certificate_id: int) -> Certificate:
    """The certificate's row, for whoever makes what comes of it once."""
    lock = select(Certificate).where(Certificate.id == certificate_id).with_for_update(key_share=True)
    return db.exec(lock).one()


def end(db: Session, row: Certificate, state: CertificateState, day: date, shop: DocumentStore) -> None:
    """A locked certificate no longer holds: neither its code, nor its credential (BR-20)."""
    row.state, row.ended_on = state, day
    db.add(row)
    mark_ended(db, shop.keyring, row, site=shop.site)


def _answers_for(db: Session, actor: Actor, row: Certificate) -> bool:
    within = scoped(actor.using(P.CERTIFICATE_CORRECT), college=Certificate.college_id)
    return db.exec(select(Certificate.id).where(Certificate.id == row.id, within)).first() is not None


def _content(db: Session, row: Certificate, shop: DocumentStore) -> bytes:
    if row.pdf_sha256 is not None:
        try:
            return load(shop.root, row.pdf_sha256)
        except FileNotFoundError:
            return _again(db, row, row.pdf_sha256, shop)
    content = signed(drafted(db, row, shop), shop.keys)
    keep(db, row, content, shop)
    return content


def _ended(sha256: str, root: Path) -> bytes:
    try:
        return load_restricted(root, sha256)
    except FileNotFoundError:
        raise Unavailable("certificate_lost") from None


def put_ended_away(db: Session, root: Path) -> int:
    """Move the documents of certificates that no longer hold where nothing is served from (S7); returns how many."""
    ended = select(Certificate.pdf_sha256).where(
        Certificate.state != CertificateState.VALID, col(Certificate.pdf_sha256).is_not(None)
    )
    return sum(restrict(root, sha256 or "") for sha256 in db.exec(ended))


def drafted(db: Session, row: Certificate, shop: DocumentStore) -> Draft:
    """What a locked certificate's document is made of: here when it is first asked for, or in a batch."""
    record = CertificateRecord.model_validate(row.record)
    pictures = {name: load(shop.root, name.removesuffix(".png")) for name in record.pictures}
    return Draft(record, pictures, credential_of(db, shop.keyring, row, site=shop.site))


def keep(db: Session, row: Certificate, content: bytes, shop: DocumentStore) -> None:
    """Keep what was made as a locked certificate's document, unless one is kept already."""
    if row.pdf_sha256 is None:
        row.pdf_sha256 = store(shop.root, content)
        db.add(row)


def ensure_kept(db: Session, row: Certificate, shop: DocumentStore) -> None:
    """See that the file of a document is still there, or make it again; ``Unavailable("certificate_lost")``."""
    if row.pdf_sha256 is not None and not is_kept(shop.root, row.pdf_sha256):
        _again(db, row, row.pdf_sha256, shop)


def _again(db: Session, row: Certificate, sha256: str, shop: DocumentStore) -> bytes:
    """A file that a restored deployment lacks, only if it comes out the same byte for byte."""
    content = document(drafted(db, row, shop))
    if digest(content) != sha256:
        raise Unavailable("certificate_lost")
    store(shop.root, content)
    return content
