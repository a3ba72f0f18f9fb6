"""Certificates' documents: made once of the record, kept by their SHA-256, the same bytes ever after."""

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from sqlmodel import col, select

from app.access import Actor, P, scoped
from app.certificates.models import Certificate, CertificateState
from app.certificates.schemas import CertificateRecord, CertificateRef, Document
from app.certificates.service_badges import credential_of, mark_ended
from app.certificates.service_document import Draft, document, signed
from app.config import Settings
from app.db import Session
from app.errors import Conflict, Unavailable
from app.files import digest, is_kept, load, load_restricted, restrict, store
from app.keys import Keyring
from app.signing import SigningKeys


@dataclass(frozen=True, slots=True)
class Workshop:
    """What documents are made with: where files are kept, where verification pages stand, what seals and signs."""

    root: Path
    site: str
    ring: Keyring
    keys: SigningKeys = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, ring: Keyring) -> "Workshop":
        """That of a deployment."""
        return cls(settings.data_dir, settings.base_url, ring, settings.signing)


def pdf(session: Session, actor: Actor, seen: CertificateRef, shop: Workshop) -> Document:
    """The certificate's document, its credential inside.

    Raises ``Conflict("certificate_not_valid")`` once it was replaced or revoked (but for the registrar, who answers
    for what was issued), ``PdfUnavailable`` where the engine's libraries are missing,
    ``SigningKeyUnreadable`` when the college's key does not open, ``Unavailable("certificate_lost")`` when the kept
    file is gone and what the record gives today would not be the same (a signed one never is).
    """
    row = locked(session, seen.id)
    if row.state is CertificateState.VALID:
        content = _content(session, row, shop)
    elif _answers_for(session, actor, row) and row.pdf_sha256 is not None:
        content = _ended(row.pdf_sha256, shop.root)
    else:
        raise Conflict("certificate_not_valid")
    return Document(name=f"{row.number}.pdf", content=content)


def badge(session: Session, seen: CertificateRef, shop: Workshop) -> Document:
    """The certificate's credential as a file: the same bytes every time; ``Conflict("certificate_not_valid")``."""
    row = locked(session, seen.id)
    if row.state is not CertificateState.VALID:
        raise Conflict("certificate_not_valid")
    content = credential_of(session, shop.ring, row, site=shop.site)
    return Document(name=f"{row.number}.json", content=content.encode())


def locked(session: Session, certificate_id: int) -> Certificate:
    """The certificate's row, for whoever makes what comes of it once."""
    lock = select(Certificate).where(Certificate.id == certificate_id).with_for_update(key_share=True)
    return session.exec(lock).one()


def end(session: Session, row: Certificate, state: CertificateState, day: date, shop: Workshop) -> None:
    """A locked certificate no longer holds: neither its code, nor its credential (BR-20)."""
    row.state, row.ended_on = state, day
    session.add(row)
    mark_ended(session, shop.ring, row, site=shop.site)


def _answers_for(session: Session, actor: Actor, row: Certificate) -> bool:
    within = scoped(actor.using(P.CERTIFICATE_CORRECT), college=Certificate.college_id)
    return session.exec(select(Certificate.id).where(Certificate.id == row.id, within)).first() is not None


def _content(session: Session, row: Certificate, shop: Workshop) -> bytes:
    if row.pdf_sha256 is not None:
        try:
            return load(shop.root, row.pdf_sha256)
        except FileNotFoundError:
            return _again(session, row, row.pdf_sha256, shop)
    content = signed(drafted(session, row, shop), shop.keys)
    keep(session, row, content, shop)
    return content


def _ended(sha256: str, root: Path) -> bytes:
    try:
        return load_restricted(root, sha256)
    except FileNotFoundError:
        raise Unavailable("certificate_lost") from None


def put_ended_away(session: Session, root: Path) -> int:
    """Move the documents of certificates that no longer hold where nothing is served from (S7); returns how many."""
    ended = select(Certificate.pdf_sha256).where(
        Certificate.state != CertificateState.VALID, col(Certificate.pdf_sha256).is_not(None)
    )
    return sum(restrict(root, sha256 or "") for sha256 in session.exec(ended))


def drafted(session: Session, row: Certificate, shop: Workshop) -> Draft:
    """What a locked certificate's document is made of: here when it is first asked for, or in a batch."""
    record = CertificateRecord.model_validate(row.record)
    pictures = {name: load(shop.root, name.removesuffix(".png")) for name in record.pictures}
    return Draft(record, pictures, credential_of(session, shop.ring, row, site=shop.site))


def keep(session: Session, row: Certificate, content: bytes, shop: Workshop) -> None:
    """Keep what was made as a locked certificate's document, unless one is kept already."""
    if row.pdf_sha256 is None:
        row.pdf_sha256 = store(shop.root, content)
        session.add(row)


def ensure_kept(session: Session, row: Certificate, shop: Workshop) -> None:
    """See that the file of a document is still there, or make it again; ``Unavailable("certificate_lost")``."""
    if row.pdf_sha256 is not None and not is_kept(shop.root, row.pdf_sha256):
        _again(session, row, row.pdf_sha256, shop)


def _again(session: Session, row: Certificate, sha256: str, shop: Workshop) -> bytes:
    """A file that a restored deployment lacks, only if it comes out the same byte for byte."""
    content = document(drafted(session, row, shop))
    if digest(content) != sha256:
        raise Unavailable("certificate_lost")
    store(shop.root, content)
    return content
