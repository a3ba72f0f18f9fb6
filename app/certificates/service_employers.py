"""What an employer may be given of its people's attestations: those of the persons who consent (S10, brief 4.3)."""

from sqlalchemy import extract
from sqlalchemy import select as columns
from sqlmodel import col

from app.audit import viewed
from app.certificates.models import Certificate, CertificateState
from app.certificates.schemas import CertificateRecord
from app.certificates.schemas_employers import EmployerAttestation, EmployerAttestations, EmployerQuery
from app.cohorts.models import Enrolment
from app.db import Session
from app.network.schemas import CollegeShown
from app.people.models import Purpose
from app.people.service_consents import agreeing
from app.text import fold


def attestations_for(session: Session, college: CollegeShown, query: EmployerQuery) -> EmployerAttestations:
    """The valid certificates that the college issued that year to people of an employer, by name.

    The employer is the one of the day of issue; who has not consented today is counted and not named.
    """
    found = session.execute(
        columns(col(Certificate.record), col(Enrolment.person_id))
        .join(Enrolment, col(Enrolment.id) == Certificate.enrolment_id)
        .where(
            col(Certificate.college_id) == college.id,
            col(Certificate.state) == CertificateState.VALID,
            extract("year", col(Certificate.issued_on)) == query.year,
            col(Certificate.record)["employer"].astext.is_not(None),
        )
    ).all()
    theirs = [(CertificateRecord.model_validate(record), person) for record, person in found]
    theirs = [(record, person) for record, person in theirs if fold(record.employer or "") == fold(query.employer)]
    consenting = agreeing(session, {person for _, person in theirs}, Purpose.EMPLOYER_LIST)
    shown = sorted((pair for pair in theirs if pair[1] in consenting), key=lambda pair: fold(pair[0].holder))
    viewed(session, [(person, college.id) for _, person in shown])
    items = tuple(EmployerAttestation.model_validate(record) for record, _ in shown)
    return EmployerAttestations(items=items, withheld=len(theirs) - len(shown))
