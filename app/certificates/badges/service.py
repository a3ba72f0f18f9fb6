"""Certificates as Open Badges: each one's credential, made once, and the lists of those that no longer hold.

The credential is made when it or its document is first asked for, and kept as it was signed. Its bit in
the college's status list is set in the transaction that ends the certificate, whether replaced or revoked.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from app.certificates.badges.college_keys import Signer, alone, signer
from app.certificates.badges.models import StatusList
from app.certificates.badges.rules import STATUS_BITS, Place, Wording, college_address, credential, status_list
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRecord
from app.curricula.library import default_library
from app.platform.clock import now
from app.platform.database.rows import fetch_all
from app.platform.database.session import Session
from app.platform.documents.verifiable_credentials import signed
from app.platform.errors import NotFound
from app.platform.messages.i18n import hours, in_french, t
from app.platform.security.keyring import Keyring

_LIST = text("select credential from college_status_list(:slug, cast(:number as int))")


def credential_of(db: Session, keyring: Keyring, row: Certificate, *, site: str) -> str:
    """The credential of a locked row, signed now if it was not yet; JSON-LD as text."""
    if row.credential is None:
        by = signer(db, keyring, row.college_id, site=site)
        number, index = divmod(row.id, STATUS_BITS)
        address = _address(by, number, site)
        if _listed(db, row.college_id, number) is None:
            _list_anew(db, by, row.college_id, number, address)
        place = Place(issuer=by.did, site=site.rstrip("/"), status_list=address, index=index)
        record = CertificateRecord.model_validate(row.record)
        row.credential = _signed(by, credential(record, place, wording(record)))
        db.add(row)
    return row.credential


def wording(record: CertificateRecord) -> Wording:
    """What the credential says besides the record, in French."""
    framework = default_library().framework(record.framework_version)
    key = "certificates.badge.judged" if record.competencies else "certificates.badge.attended"
    with in_french():
        return Wording(
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


def mark_ended(db: Session, keyring: Keyring, row: Certificate, *, site: str) -> None:
    """Say in the college's status list that a certificate no longer holds: its new state is in the session.

    Nothing to say where no credential of that list was ever made.
    """
    db.flush()
    number = row.id // STATUS_BITS
    alone(db, row.college_id)
    if _listed(db, row.college_id, number) is not None:
        by = signer(db, keyring, row.college_id, site=site)
        _list_anew(db, by, row.college_id, number, _address(by, number, site))


def public_status_list(db: Session, slug: str, number: int) -> str:
    """A status list, for anyone who holds a credential; ``NotFound`` for one that there is not."""
    found = fetch_all(db, _LIST, slug=slug, number=number)
    if not found:
        raise NotFound
    return str(found[0].credential)


def _address(by: Signer, number: int, site: str) -> str:
    return f"{college_address(site, by.slug)}/statuts/{number}"


def _listed(db: Session, college_id: int, number: int) -> StatusList | None:
    this = select(StatusList).where(StatusList.college_id == college_id, StatusList.number == number)
    return db.exec(this.execution_options(populate_existing=True)).one_or_none()


def _list_anew(db: Session, by: Signer, college_id: int, number: int, address: str) -> None:
    """Sign the list as the certificates are, one transaction at a time: the one before must be seen."""
    alone(db, college_id)
    moment, first = now(), number * STATUS_BITS
    ended = db.exec(
        select(Certificate.id).where(
            Certificate.college_id == college_id,
            col(Certificate.id).between(first, first + STATUS_BITS - 1),
            Certificate.state != CertificateState.VALID,
        )
    )
    said = _signed(by, status_list(address, by.did, [id_ - first for id_ in ended], at=moment))
    row = _listed(db, college_id, number)
    if row is None:
        row = StatusList(college_id=college_id, number=number, credential=said, signed_at=moment)
    row.credential, row.signed_at = said, moment
    db.add(row)
    db.flush()


def _signed(by: Signer, document: Mapping[str, Any]) -> str:
    return json.dumps(signed(document, by.key, method=by.method, at=now()), ensure_ascii=False)
