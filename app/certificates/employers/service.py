"""What an employer may be given of its people's attestations: those of the persons who consent (S10)."""

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
from app.people.consents.service import agreeing
from app.platform.audit.access_log import log_access
from app.platform.database.session import Session
from app.platform.messages.i18n import search_key


def attestations_for(db: Session, college: CollegeShown, query: EmployerQuery) -> EmployerAttestations:
    """The valid certificates that the college issued that year to people of an employer, by name.

    The employer is the one of the day of issue; who has not consented today is counted and not named.
    """
    found = db.execute(
        sa.select(col(Certificate.record), col(Enrolment.person_id))
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .where(
            col(Certificate.college_id) == college.id,
            col(Certificate.state) == CertificateState.VALID,
            extract("year", col(Certificate.issued_on)) == query.year,
            col(Certificate.record)["employer"].astext.is_not(None),
        )
    ).all()
    theirs = [(CertificateRecord.model_validate(record), person) for record, person in found]
    theirs = [
        (record, person) for record, person in theirs if search_key(record.employer or "") == search_key(query.employer)
    ]
    consenting = agreeing(db, {person for _, person in theirs}, Purpose.EMPLOYER_LIST)
    shown = sorted((pair for pair in theirs if pair[1] in consenting), key=lambda pair: search_key(pair[0].holder))
    log_access(db, [(person, college.id) for _, person in shown])
    items = tuple(EmployerAttestation.model_validate(record) for record, _ in shown)
    return EmployerAttestations(items=items, withheld=len(theirs) - len(shown))
