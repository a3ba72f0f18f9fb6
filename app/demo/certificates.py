"""Certificates of the demo network: signatories, then those whom the registrars have decided on."""

from datetime import timedelta

from app.certificates.branding.schemas import NewSignatory
from app.certificates.branding.signatories import add_signatory
from app.certificates.issuing import service as certificates
from app.certificates.issuing.schemas import IssueCertificate
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.demo.network import Staff, Story, noon
from app.network import service as network
from app.network.enums import CertificateKind
from app.people.service import names_of
from app.platform.clock import at
from app.platform.security.permissions import Permission

WAITING = 3
"""How many of a college's eligible people the registrar has not decided on yet."""


def sign(story: Story) -> None:
    """Each college's director of continuing education and registrar sign, from before the first cohort."""
    for staff in story.staff.values():
        with story.database.transaction() as db:
            registrar = story.actor(db, staff.registrar, Permission.CERTIFICATE_ISSUE)
            names = names_of(db, (staff.coordinator, staff.registrar))
            titles = ("Direction de la formation continue", "Registrariat")
            people = dict.fromkeys((staff.coordinator, staff.registrar))
            for position, (person_id, title) in enumerate(zip(people, titles, strict=False), start=1):
                add_signatory(
                    db,
                    network.see_college(db, registrar, staff.college.id),
                    NewSignatory(
                        name=names[person_id], title=title, position=position,
                        valid_from=story.today - timedelta(weeks=70),
                    ),
                )  # fmt: skip


def issue_certificates(story: Story, base_url: str) -> None:
    """Issue to the eligible of every college but the last few, and say that their path is completed."""
    sign(story)
    for staff in story.staff.values():
        _issue(story, staff, base_url)


def _issue(story: Story, staff: Staff, base_url: str) -> None:
    with at(noon(story.today - timedelta(days=2))), story.database.transaction() as db:
        registrar = story.actor(db, staff.registrar, Permission.CERTIFICATE_ISSUE)
        college = network.see_college(db, registrar, staff.college.id)
        ready = [
            (candidate.enrolment_id, choice.kind)
            for candidate in certificates.eligible(db, registrar, college)
            for choice in candidate.choices
            if choice.ready and choice.kind is not CertificateKind.attestation_participation
        ]
        for enrolment_id, kind in ready[: -WAITING or None]:
            enrolment = cohorts.see_enrolment(db, registrar, enrolment_id)
            certificates.issue(db, registrar, enrolment, IssueCertificate(kind=kind), site=base_url)
    with at(noon(story.today - timedelta(days=1))), story.database.transaction() as db:
        manager = story.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
        for enrolment_id, _ in ready[: -WAITING or None]:
            enrolment = cohorts.see_enrolment(db, manager, enrolment_id)
            if enrolment.state is EnrolmentState.ACTIVE:
                cohorts.move(db, manager, enrolment, MoveCommand(to=EnrolmentState.COMPLETED))
