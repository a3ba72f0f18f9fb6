"""Certificates as Open Badges: each one's credential, made once, and the lists of those that no longer hold.

The credential is made when it or its document is first asked for, and kept as it was signed. Its bit in
the college's status list is set in the transaction that ends the certificate, whether replaced or revoked.
"""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlmodel import col, select

from app.certificates.models import Certificate, CertificateState, StatusList
from app.certificates.rules_badge import STATUS_BITS, Place, Wording, college_address, credential, status_list
from app.certificates.schemas import CertificateRecord
from app.certificates.service_college_keys import Signer, alone, signer
from app.credentials import signed
from app.curricula.library import default_library
from app.db import Session, now, rows
from app.errors import NotFound
from app.keys import Keyring
from app.text import hours, in_french, t

_LIST = text("select credential from college_status_list(:slug, cast(:number as int))")


def credential_of(session: Session, ring: Keyring, row: Certificate, *, site: str) -> str:
    """The credential of a locked row, signed now if it was not yet; JSON-LD as text."""
    if row.credential is None:
        by = signer(session, ring, row.college_id, site=site)
        number, index = divmod(row.id or 0, STATUS_BITS)
        address = _address(by, number, site)
        if _listed(session, row.college_id, number) is None:
            _list_anew(session, by, row.college_id, number, address)
        place = Place(issuer=by.did, site=site.rstrip("/"), status_list=address, index=index)
        record = CertificateRecord.model_validate(row.record)
        row.credential = _signed(by, credential(record, place, wording(record)))
        session.add(row)
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


def mark_ended(session: Session, ring: Keyring, row: Certificate, *, site: str) -> None:
    """Say in the college's status list that a certificate no longer holds: its new state is in the session.

    Nothing to say where no credential of that list was ever made.
    """
    session.flush()
    number = (row.id or 0) // STATUS_BITS
    alone(session, row.college_id)
    if _listed(session, row.college_id, number) is not None:
        by = signer(session, ring, row.college_id, site=site)
        _list_anew(session, by, row.college_id, number, _address(by, number, site))


def public_status_list(session: Session, slug: str, number: int) -> str:
    """A status list, for anyone who holds a credential; ``NotFound`` for one that there is not."""
    found = rows(session, _LIST, slug=slug, number=number)
    if not found:
        raise NotFound
    return str(found[0].credential)


def _address(by: Signer, number: int, site: str) -> str:
    return f"{college_address(site, by.slug)}/statuts/{number}"


def _listed(session: Session, college_id: int, number: int) -> StatusList | None:
    this = select(StatusList).where(StatusList.college_id == college_id, StatusList.number == number)
    return session.exec(this.execution_options(populate_existing=True)).one_or_none()


def _list_anew(session: Session, by: Signer, college_id: int, number: int, address: str) -> None:
    """Sign the list as the certificates are, one transaction at a time: the one before must be seen."""
    alone(session, college_id)
    moment, first = now(), number * STATUS_BITS
    ended = session.exec(
        select(Certificate.id).where(
            Certificate.college_id == college_id,
            col(Certificate.id).between(first, first + STATUS_BITS - 1),
            Certificate.state != CertificateState.VALID,
        )
    )
    said = _signed(by, status_list(address, by.did, [(id_ or 0) - first for id_ in ended], at=moment))
    row = _listed(session, college_id, number)
    if row is None:
        row = StatusList(college_id=college_id, number=number, credential=said, signed_at=moment)
    row.credential, row.signed_at = said, moment
    session.add(row)
    session.flush()


def _signed(by: Signer, document: Mapping[str, Any]) -> str:
    return json.dumps(signed(document, by.key, method=by.method, at=now()), ensure_ascii=False)
