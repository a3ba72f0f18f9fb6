"""Certificates of the demo network: signatories, then those whom the registrars have decided on."""

from datetime import timedelta

from app.access import Permission
from app.certificates import service as certificates
from app.certificates.schemas import IssueCertificate, NewSignatory
from app.certificates.service_signatories import add_signatory
from app.cli.demo_network import Staff, Story, noon
from app.clock import at
from app.cohorts import service as cohorts
from app.cohorts.models import EnrolmentState
from app.cohorts.schemas import MoveCommand
from app.curricula.schema import CertificateKind
from app.network import service as network
from app.people.service import names_of

WAITING = 3
"""How many of a college's eligible people the registrar has not decided on yet."""


def sign(story: Story) -> None:
    """Each college's director of continuing education and registrar sign, from before the first cohort."""
    for staff in story.staff.values():
        with story.database.transaction() as session:
            registrar = story.actor(session, staff.registrar, Permission.CERTIFICATE_ISSUE)
            names = names_of(session, (staff.coordinator, staff.registrar))
            titles = ("Direction de la formation continue", "Registrariat")
            people = dict.fromkeys((staff.coordinator, staff.registrar))
            for position, (person_id, title) in enumerate(zip(people, titles, strict=False), start=1):
                add_signatory(
                    session,
                    network.see_college(session, registrar, staff.college.id),
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
    with at(noon(story.today - timedelta(days=2))), story.database.transaction() as session:
        registrar = story.actor(session, staff.registrar, Permission.CERTIFICATE_ISSUE)
        college = network.see_college(session, registrar, staff.college.id)
        ready = [
            (candidate.enrolment_id, choice.kind)
            for candidate in certificates.eligible(session, registrar, college)
            for choice in candidate.choices
            if choice.ready and choice.kind is not CertificateKind.attestation_participation
        ]
        for enrolment_id, kind in ready[: -WAITING or None]:
            enrolment = cohorts.see_enrolment(session, registrar, enrolment_id)
            certificates.issue(session, registrar, enrolment, IssueCertificate(kind=kind), site=base_url)
    with at(noon(story.today - timedelta(days=1))), story.database.transaction() as session:
        manager = story.actor(session, staff.coordinator, Permission.ENROLMENT_MANAGE)
        for enrolment_id, _ in ready[: -WAITING or None]:
            enrolment = cohorts.see_enrolment(session, manager, enrolment_id)
            if enrolment.state is EnrolmentState.ACTIVE:
                cohorts.move(session, manager, enrolment, MoveCommand(to=EnrolmentState.COMPLETED))
