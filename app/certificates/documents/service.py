"""A certificate's document and credential: made once from the frozen record, stored under their SHA-256 digest."""

from dataclasses import dataclass, field
from datetime import date

from sqlmodel import col, select

from app.certificates.badges.service import ensure_credential, update_status_list
from app.certificates.documents.layout import Draft, render_document, render_signed_document
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRecord, CertificateRef, Document
from app.platform.config import Settings
from app.platform.database.session import Session
from app.platform.documents.document_process import in_document_process
from app.platform.documents.pades import SigningKeys
from app.platform.errors import Conflict, Unavailable
from app.platform.files.opening import file_store
from app.platform.files.store import FileStore, digest
from app.platform.security.actor import Actor, scoped
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import P


@dataclass(frozen=True, slots=True)
class DocumentStore:
    """What documents are made with: the store of files, the site's address, the keyring, the signing keys."""

    files: FileStore
    site: str
    keyring: Keyring
    keys: SigningKeys = field(default_factory=dict)

    @classmethod
    def from_settings(cls, settings: Settings, keyring: Keyring) -> "DocumentStore":
        """Return the document store of a deployment."""
        return cls(file_store(settings), settings.base_url, keyring, settings.signing)


def certificate_pdf(db: Session, actor: Actor, ref: CertificateRef, store: DocumentStore) -> Document:
    """Return the certificate's document, its credential embedded.

    Raises ``Conflict("certificate_not_valid")`` once it was replaced or revoked (except to a registrar, who answers
    for issued documents), ``PdfUnavailable`` where the engine's libraries are missing,
    ``SigningKeyUnreadable`` when the college's key cannot be opened, ``Unavailable("certificate_lost")`` when the
    stored file is altered, or missing and rendering the record again would give other bytes (always so for a signed
    document).
    """
    row = lock_certificate(db, ref.id)
    if row.state is CertificateState.VALID:
        content = _valid_content(db, row, store)
    elif _may_correct(db, actor, row) and row.pdf_sha256 is not None:
        content = _ended_content(row.pdf_sha256, store.files)
    else:
        raise Conflict("certificate_not_valid")
    return Document(name=f"{row.number}.pdf", content=content)


def certificate_credential(db: Session, ref: CertificateRef, store: DocumentStore) -> Document:
    """Return the certificate's credential as a file, always the same bytes.

    Raises ``Conflict("certificate_not_valid")`` once it was replaced or revoked.
    """
    row = lock_certificate(db, ref.id)
    if row.state is not CertificateState.VALID:
        raise Conflict("certificate_not_valid")
    content = ensure_credential(db, store.keyring, row, site=store.site)
    return Document(name=f"{row.number}.json", content=content.encode())


def lock_certificate(db: Session, certificate_id: int) -> Certificate:
    """Return the certificate's row, locked until the transaction ends: document and credential are made only once."""
    lock = select(Certificate).where(Certificate.id == certificate_id).with_for_update(key_share=True)
    return db.exec(lock).one()


def end_certificate(db: Session, row: Certificate, state: CertificateState, day: date, store: DocumentStore) -> None:
    """Give a locked certificate its final state, and set its bit in the status list (BR-20)."""
    row.state, row.ended_on = state, day
    db.add(row)
    update_status_list(db, store.keyring, row, site=store.site)


def _may_correct(db: Session, actor: Actor, row: Certificate) -> bool:
    """Return whether the actor may correct this certificate."""
    within = scoped(actor.using(P.CERTIFICATE_CORRECT), college=Certificate.college_id)
    return db.exec(select(Certificate.id).where(Certificate.id == row.id, within)).first() is not None


def _valid_content(db: Session, row: Certificate, store: DocumentStore) -> bytes:
    """Return the document of a locked, valid certificate, rendered now if it was not yet."""
    if row.pdf_sha256 is not None:
        try:
            return store.files.load(row.pdf_sha256)
        except FileNotFoundError:
            return _recreate(db, row, row.pdf_sha256, store)
        except ValueError as altered:
            raise Unavailable("certificate_lost") from altered
    content = in_document_process(render_signed_document, draft_of(db, row, store), store.keys)
    store_document(db, row, content, store)
    return content


def _ended_content(sha256: str, files: FileStore) -> bytes:
    """Return the document of a replaced or revoked certificate."""
    try:
        return files.load_restricted(sha256)
    except (FileNotFoundError, ValueError) as error:
        raise Unavailable("certificate_lost") from error


def move_ended_documents(db: Session, files: FileStore) -> int:
    """Move the documents of replaced or revoked certificates to restricted storage (S7); return how many moved."""
    ended = select(Certificate.pdf_sha256).where(
        Certificate.state != CertificateState.VALID, col(Certificate.pdf_sha256).is_not(None)
    )
    return sum(files.restrict(sha256 or "") for sha256 in db.exec(ended))


def draft_of(db: Session, row: Certificate, store: DocumentStore) -> Draft:
    """Return what the document of a locked certificate is rendered from."""
    record = CertificateRecord.model_validate(row.record)
    pictures = {name: _picture(store.files, name) for name in record.pictures}
    return Draft(record, pictures, ensure_credential(db, store.keyring, row, site=store.site))


def _picture(files: FileStore, name: str) -> bytes:
    """Return a logo or a signature; raise ``Unavailable("picture_lost")`` when its file is missing or altered."""
    try:
        return files.load(name.removesuffix(".png"))
    except (FileNotFoundError, ValueError) as error:
        raise Unavailable("picture_lost") from error


def store_document(db: Session, row: Certificate, content: bytes, store: DocumentStore) -> None:
    """Store the rendered document of a locked certificate, unless it already has one."""
    if row.pdf_sha256 is None:
        row.pdf_sha256 = store.files.store(content)
        db.add(row)


def ensure_stored(db: Session, row: Certificate, store: DocumentStore) -> None:
    """Render a missing file of a document again; raise ``Unavailable("certificate_lost")`` if that cannot be."""
    if row.pdf_sha256 is not None and not store.files.exists(row.pdf_sha256):
        _recreate(db, row, row.pdf_sha256, store)


def _recreate(db: Session, row: Certificate, sha256: str, store: DocumentStore) -> bytes:
    """Render and store a document again, as after a restored backup; only if its bytes are the same as before."""
    content = in_document_process(render_document, draft_of(db, row, store))
    if digest(content) != sha256:
        raise Unavailable("certificate_lost")
    store.files.store(content)
    return content
