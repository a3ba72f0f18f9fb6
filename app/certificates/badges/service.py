"""Open Badges credentials and status lists: each credential is signed once, each list at every change.

A credential is signed when it or its document is first requested, and stored as signed. Its bit in the college's
status list is set in the transaction that ends the certificate, whether replaced or revoked.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from app.certificates.badges.college_keys import Signer, load_signer, lock_credentials
from app.certificates.badges.models import StatusList
from app.certificates.badges.rules import (
    STATUS_BITS,
    CredentialLinks,
    CredentialWording,
    college_url,
    credential,
    status_list,
)
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRecord
from app.curricula.library import default_library
from app.platform.clock import now
from app.platform.database.rows import fetch_all
from app.platform.database.session import Session
from app.platform.documents.verifiable_credentials import add_proof
from app.platform.errors import NotFound
from app.platform.messages.i18n import hours, in_french, t
from app.platform.security.keyring import Keyring

_STATUS_LIST = text("select credential from college_status_list(:slug, cast(:number as int))")


def ensure_credential(db: Session, keyring: Keyring, row: Certificate, *, site: str) -> str:
    """Return the credential of a locked certificate as JSON-LD text, signed now if it was not yet."""
    if row.credential is None:
        signer = load_signer(db, keyring, row.college_id, site=site)
        number, index = divmod(row.id, STATUS_BITS)
        url = _status_list_url(signer, number, site)
        if _find_status_list(db, row.college_id, number) is None:
            _sign_status_list(db, signer, row.college_id, number, url)
        links = CredentialLinks(issuer=signer.did, site=site.rstrip("/"), status_list=url, index=index)
        record = CertificateRecord.model_validate(row.record)
        row.credential = _sign(signer, credential(record, links, credential_wording(record)))
        db.add(row)
    return row.credential


def credential_wording(record: CertificateRecord) -> CredentialWording:
    """Return the French texts that a credential adds to the record."""
    framework = default_library().framework(record.framework_version)
    key = "certificates.badge.judged" if record.competencies else "certificates.badge.attended"
    with in_french():
        return CredentialWording(
            kind=t(f"kind.{record.kind}"),
            framework=framework.title.fr,
            narrative=t(
                key,
                title=record.path_title,
                version=record.curriculum_version,
                hours=hours(record.recognised_minutes),
                framework=framework.title.fr,
                edition=framework.version,
            ),
        )


def update_status_list(db: Session, keyring: Keyring, row: Certificate, *, site: str) -> None:
    """Sign the status list of an ended certificate again; its new state is already in the session.

    Does nothing where no credential of that list was ever signed.
    """
    db.flush()
    number = row.id // STATUS_BITS
    lock_credentials(db, row.college_id)
    if _find_status_list(db, row.college_id, number) is not None:
        signer = load_signer(db, keyring, row.college_id, site=site)
        _sign_status_list(db, signer, row.college_id, number, _status_list_url(signer, number, site))


def public_status_list(db: Session, slug: str, number: int) -> str:
    """Return a status list as JSON-LD text, to anyone; raise ``NotFound`` when there is none."""
    rows = fetch_all(db, _STATUS_LIST, slug=slug, number=number)
    if not rows:
        raise NotFound
    return str(rows[0].credential)


def _status_list_url(signer: Signer, number: int, site: str) -> str:
    return f"{college_url(site, signer.slug)}/statuts/{number}"


def _find_status_list(db: Session, college_id: int, number: int) -> StatusList | None:
    statement = select(StatusList).where(StatusList.college_id == college_id, StatusList.number == number)
    return db.exec(statement.execution_options(populate_existing=True)).one_or_none()


def _sign_status_list(db: Session, signer: Signer, college_id: int, number: int, url: str) -> None:
    """Sign the list from the certificates' states, one transaction at a time: each must see the one before."""
    lock_credentials(db, college_id)
    moment, first = now(), number * STATUS_BITS
    ended = db.exec(
        select(Certificate.id).where(
            Certificate.college_id == college_id,
            col(Certificate.id).between(first, first + STATUS_BITS - 1),
            Certificate.state != CertificateState.VALID,
        )
    )
    list_credential = _sign(signer, status_list(url, signer.did, [id_ - first for id_ in ended], at=moment))
    row = _find_status_list(db, college_id, number)
    if row is None:
        row = StatusList(college_id=college_id, number=number, credential=list_credential, signed_at=moment)
    row.credential, row.signed_at = list_credential, moment
    db.add(row)
    db.flush()


def _sign(signer: Signer, document: Mapping[str, Any]) -> str:
    return json.dumps(add_proof(document, signer.key, method=signer.method, at=now()), ensure_ascii=False)
