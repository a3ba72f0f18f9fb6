"""The demo network's signatories, and the certificates that its registrars have issued."""

from datetime import timedelta

from app.certificates.branding.schemas import NewSignatory
from app.certificates.branding.signatories import add_signatory
from app.certificates.issuing import service as certificates
from app.certificates.issuing.candidates import list_candidates
from app.certificates.issuing.schemas import IssueCertificate
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import MoveCommand
from app.cohorts.enums import EnrolmentState
from app.demo.network import DemoPlan, Staff, noon
from app.holds import service as holds
from app.holds.schemas import LiftHold, NewHold
from app.network import service as network
from app.network.enums import CertificateKind
from app.people.service import names_of
from app.platform.clock import at
from app.platform.security.permissions import Permission

MOST_CANDIDATES = 1_000
UNDECIDED = 3
"""How many of a college's eligible people the registrar has not decided on yet."""


def add_signatories(demo: DemoPlan) -> None:
    """Add each college's two signatories, valid from before the first cohort."""
    for staff in demo.staff.values():
        with demo.database.transaction() as db:
            registrar = demo.actor(db, staff.registrar, Permission.CERTIFICATE_ISSUE)
            names = names_of(db, (staff.coordinator, staff.registrar))
            titles = ("Direction de la formation continue", "Registrariat")
            people = dict.fromkeys((staff.coordinator, staff.registrar))
            for position, (person_id, title) in enumerate(zip(people, titles, strict=False), start=1):
                add_signatory(
                    db,
                    network.see_college(db, registrar, staff.college.id),
                    NewSignatory(
                        name=names[person_id], title=title, position=position,
                        valid_from=demo.today - timedelta(weeks=70),
                    ),
                )  # fmt: skip


def issue_certificates(demo: DemoPlan, base_url: str) -> None:
    """Issue certificates to each college's eligible people but the last few, two of them held; complete the rest."""
    add_signatories(demo)
    for staff in demo.staff.values():
        _issue_college(demo, staff, base_url)
    add_holds(demo)


def add_holds(demo: DemoPlan) -> None:
    """Hold the certificates of the last two eligible people of each college: one still is, the other was settled."""
    for staff in demo.staff.values():
        with demo.database.transaction() as db:
            registrar = demo.actor(db, staff.registrar, Permission.CERTIFICATE_ISSUE)
            college = network.see_college(db, registrar, staff.college.id)
            everyone = list_candidates(db, registrar, college, limit=MOST_CANDIDATES).items
            eligible = [c.enrolment_id for c in everyone if any(choice.ready for choice in c.choices)]
        for enrolment_id, is_settled in zip(reversed(eligible), (False, True), strict=False):
            _hold(demo, staff, enrolment_id, is_settled=is_settled)


def _hold(demo: DemoPlan, staff: Staff, enrolment_id: int, *, is_settled: bool) -> None:
    with at(noon(demo.today - timedelta(days=2))), demo.database.transaction() as db:
        registrar = demo.actor(db, staff.registrar, Permission.HOLD_MANAGE)
        enrolment = cohorts.see_enrolment(db, registrar, enrolment_id)
        reason = "Frais de dossier à acquitter au comptoir du registrariat, ou par téléphone."
        hold = holds.open_formality(db, registrar, enrolment, NewHold(reason=reason))
    if is_settled:
        with at(noon(demo.today - timedelta(days=1))), demo.database.transaction() as db:
            registrar = demo.actor(db, staff.registrar, Permission.HOLD_MANAGE)
            holds.lift(db, registrar, holds.see_hold(db, registrar, hold.id), LiftHold(reason="Frais acquittés."))


def _issue_college(demo: DemoPlan, staff: Staff, base_url: str) -> None:
    with at(noon(demo.today - timedelta(days=2))), demo.database.transaction() as db:
        registrar = demo.actor(db, staff.registrar, Permission.CERTIFICATE_ISSUE)
        college = network.see_college(db, registrar, staff.college.id)
        ready = [
            (candidate.enrolment_id, choice.kind)
            for candidate in list_candidates(db, registrar, college, limit=MOST_CANDIDATES).items
            for choice in candidate.choices
            if choice.ready and choice.kind is not CertificateKind.attestation_participation
        ]
        for enrolment_id, kind in ready[: -UNDECIDED or None]:
            enrolment = cohorts.see_enrolment(db, registrar, enrolment_id)
            certificates.issue(db, registrar, enrolment, IssueCertificate(kind=kind), site=base_url)
    with at(noon(demo.today - timedelta(days=1))), demo.database.transaction() as db:
        manager = demo.actor(db, staff.coordinator, Permission.ENROLMENT_MANAGE)
        for enrolment_id, _ in ready[: -UNDECIDED or None]:
            enrolment = cohorts.see_enrolment(db, manager, enrolment_id)
            if enrolment.state is EnrolmentState.ACTIVE:
                cohorts.move(db, manager, enrolment, MoveCommand(to=EnrolmentState.COMPLETED))
