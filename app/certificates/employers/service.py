"""The attestations that an employer may receive: those of the people who consent (S10)."""

import sqlalchemy as sa
from sqlalchemy import extract
from sqlmodel import col

from app.certificates.employers.schemas import EmployerAttestation, EmployerAttestations, EmployerQuery
from app.certificates.enums import CertificateState
from app.certificates.models import Certificate
from app.certificates.schemas import CertificateRecord
from app.cohorts.models import Enrolment
from app.network.schemas import CollegeShown
from app.people.consents.enums import Purpose
from app.people.consents.service import consenting_among
from app.platform.audit.access_log import log_access
from app.platform.database.session import Session
from app.platform.search import search_key


def employer_attestations(db: Session, college: CollegeShown, query: EmployerQuery) -> EmployerAttestations:
    """Return the valid certificates that the college issued that year to people of an employer, by name.

    The employer is the one of the day of issue; people who have not consented are counted and not named.
    """
    rows = db.execute(
        sa.select(col(Certificate.record), col(Enrolment.person_id))
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .where(
            col(Certificate.college_id) == college.id,
            col(Certificate.state) == CertificateState.VALID,
            extract("year", col(Certificate.issued_on)) == query.year,
            col(Certificate.record)["employer"].astext.is_not(None),
        )
    ).all()
    records = [(CertificateRecord.model_validate(record), person_id) for record, person_id in rows]
    employer = search_key(query.employer)
    matching = [(record, person_id) for record, person_id in records if search_key(record.employer or "") == employer]
    consenting = consenting_among(db, {person_id for _, person_id in matching}, Purpose.EMPLOYER_LIST)
    shown = sorted((pair for pair in matching if pair[1] in consenting), key=lambda pair: search_key(pair[0].holder))
    log_access(db, [(person_id, college.id) for _, person_id in shown])
    items = tuple(EmployerAttestation.model_validate(record) for record, _ in shown)
    return EmployerAttestations(items=items, withheld=len(matching) - len(shown))
