"""Interests that trainers declare: a vendor, nothing, and people whose judgements another trainer confirms (S6)."""

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import col

from app.accompaniment.interests.enums import InterestKind
from app.cohorts.enrolments import service as cohorts
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.curricula.library import curriculum_of, default_library
from app.demo.network import DemoPlan, Group, noon
from app.grading import service as grading
from app.grading.conflicts import service as conflicts
from app.grading.conflicts.schemas import Declare
from app.grading.panels import reading, service
from app.grading.panels.enums import PanelKind
from app.grading.panels.models import Panel
from app.grading.panels.schemas import GiveOpinion
from app.network.service import see_college
from app.platform.clock import at
from app.platform.security.keyring import Keyring
from app.platform.security.permissions import Permission

VENDOR = "Logiciels Boréal : caisse et inventaire"
SHARE = "Je détiens une part de cette entreprise et j’en vends les licences le soir."
SISTER = "C’est ma belle-sœur; j’ai oublié de le déclarer avant de la juger."
FORMER = "Nous avons tenu une entreprise ensemble jusqu’au printemps."
CONFIRMED = "Relu sans connaître la personne : les preuves montrent ce niveau."
UNDER_WAY = range(1, 20)
"""The weeks since the start of a cohort that is under way, of which no certificate is issued yet."""


def declare_interests(demo: DemoPlan, keyring: Keyring) -> None:
    """Have a trainer of specialists declare a vendor, and another nothing; one of generalists, two people judged."""
    for group in [g for g in demo.groups if g.plan.path == "specialise"][:1]:
        first, *others = group.staff.trainers
        _declare(demo, keyring, group, first, Declare(kind=InterestKind.VENDOR, vendor=VENDOR, detail=SHARE))
        for other in others[:1]:
            _declare(demo, keyring, group, other, Declare(kind=InterestKind.NONE))
    for group in demo.groups:
        judged = _judged(demo, group) if group.plan.weeks_ago in UNDER_WAY and len(group.staff.trainers) > 1 else []
        if len(judged) > 1:
            _declare_people(demo, keyring, group, judged)
            return


def _declare_people(demo: DemoPlan, keyring: Keyring, group: Group, judged: list[EnrolmentRef]) -> None:
    """Declare two people judged before: of one, another trainer confirms; of the other one, nobody did yet."""
    trainer, other = group.staff.trainers[:2]
    first, second = judged[:2]
    with at(noon(demo.today - timedelta(days=4))):
        command = Declare(kind=InterestKind.PERSON, about_id=first.person_id, detail=SISTER)
        _declare(demo, keyring, group, trainer, command)
    for panel in _awaiting(demo, group, first):
        with at(noon(demo.today - timedelta(days=2))):
            _confirm(demo, other, first, panel)
    with at(noon(demo.today - timedelta(days=1))):
        command = Declare(kind=InterestKind.PERSON, about_id=second.person_id, detail=FORMER)
        _declare(demo, keyring, group, trainer, command)


def _declare(demo: DemoPlan, keyring: Keyring, group: Group, person: int, command: Declare) -> None:
    with demo.database.transaction() as db:
        actor = demo.actor(db, person, Permission.INTEREST_DECLARE)
        conflicts.declare(db, keyring, actor, see_college(db, actor, group.cohort.college_id), command)


def _judged(demo: DemoPlan, group: Group) -> list[EnrolmentRef]:
    """Return the people of a cohort whom its first trainer judged, and who have no panel: the least judged first."""
    with demo.database.transaction() as db:
        actor = demo.actor(db, group.staff.coordinator, Permission.JUDGEMENT_READ)
        found = []
        for enrolment in cohorts.enrolments_in(db, group.cohort):
            history = [j for j in grading.judgements(db, enrolment) if j.is_current]
            own = [j for j in history if j.assessor_id == group.staff.trainers[0]]
            if own and not reading.panels_of(db, actor, enrolment):
                found.append((len(own), enrolment))
    return [enrolment for _, enrolment in sorted(found, key=lambda pair: (pair[0], pair[1].id))]


def _awaiting(demo: DemoPlan, group: Group, enrolment: EnrolmentRef) -> list[int]:
    with demo.database.transaction() as db:
        demo.actor(db, group.staff.coordinator, Permission.JUDGEMENT_READ)
        of_person = (col(Panel.enrolment_id) == enrolment.id, col(Panel.kind) == PanelKind.CONFLICT)
        return list(db.execute(sa.select(col(Panel.id)).where(*of_person).order_by(col(Panel.id))).scalars())


def _confirm(demo: DemoPlan, other: int, enrolment: EnrolmentRef, panel: int) -> None:
    with demo.database.transaction() as db:
        actor = demo.actor(db, other, Permission.PANEL_SIT)
        ref = reading.see_panel(db, actor, panel)
        service.take(db, actor, ref)
        contested = reading.contested(db, enrolment, ref)
        framework = default_library().framework_of(curriculum_of(enrolment))
        if contested is not None:
            criteria = tuple(c.code for c in framework.competency(ref.competency_code).criteria)
            opinion = GiveOpinion(level=contested.level, criteria_met=criteria, reasons=CONFIRMED)
            service.give_opinion(db, actor, ref, opinion)
