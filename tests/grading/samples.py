"""Evidence and judgements for tests, written as the features that own them would."""

from datetime import timedelta

from app.access import Permission, Role
from app.accompaniment.models import Enterprise, EnterpriseSize, Mandate, MandateAdvisor
from app.cohorts import service as cohorts
from app.cohorts import service_sessions
from app.cohorts.models import PresenceStatus
from app.cohorts.schemas import EntryCommand, NewSession, RollCallCommand
from app.curricula.schema import MandateKind
from app.db import Database, now
from app.grading import service
from app.grading.schemas import EvidenceKind, EvidenceRef, JudgeCommand, JudgementShown
from app.learning.models import HandIn
from app.people.service import hold
from app.text import fold, today
from tests.world import PARTICIPANTS, World, acting

ALL_CN01 = ("CN-01.C1", "CN-01.C2", "CN-01.C3")


def hand_in(
    database: Database, world: World, who: str = "maude", code: str = "GEN-1.C", *, attempt: int = 1, days: int = 1
) -> EvidenceRef:
    """A text that ``who`` handed in so many days ago."""
    college = world.rouyn if who.startswith("other") else world.alma
    with database.transaction(colleges=[college]) as session:
        row = HandIn(
            college_id=college,
            enrolment_id=world.enrolments[who],
            activity_code=code,
            attempt=attempt,
            body="Ma carte de l’écosystème.\n\nCinq ressources & leur rôle <ici>.",
            received_at=now() - timedelta(days=days),
            received_from=world.people[who],
        )
        session.add(row)
        session.flush()
        return EvidenceRef(kind=EvidenceKind.HAND_IN, id=row.id or 0)


def mandate(database: Database, world: World, who: str = "maude") -> EvidenceRef:
    """A mandate of ``who`` in an invented enterprise."""
    with database.transaction(colleges=[world.alma]) as session:
        enterprise = Enterprise(
            college_id=world.alma, name="Scierie du Lac", search_key=fold("Scierie du Lac"), sector="bois",
            size=EnterpriseSize.SMALL, region_code="02", created_at=now(), created_by=world.people["coordinator"],
        )  # fmt: skip
        session.add(enterprise)
        session.flush()
        row = Mandate(
            college_id=world.alma, enterprise_id=enterprise.id or 0, project_id=world.project,
            kind=MandateKind.orientation, title="Orientation", opened_on=today(), created_at=now(),
            created_by=world.people[who],
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(
            MandateAdvisor(
                college_id=world.alma, mandate_id=row.id or 0, person_id=world.people[who],
                enrolment_id=world.enrolments[who],
            )
        )  # fmt: skip
        return EvidenceRef(kind=EvidenceKind.MANDATE, id=row.id or 0)


def attended(database: Database, world: World, present: tuple[str, ...] = ("maude",)) -> EvidenceRef:
    """A closed session of GEN-1.B where only those were present."""
    with database.transaction() as session:
        actor = acting(session, world, "coordinator", Permission.SESSION_MANAGE)
        cohort = cohorts.see_cohort(session, actor, world.cohort)
        meeting = service_sessions.schedule(
            session, actor, cohort, NewSession(activity_code="GEN-1.B", starts_at=now() - timedelta(days=2))
        )
        entries = tuple(
            EntryCommand(
                enrolment_id=world.enrolments[who],
                status=PresenceStatus.PRESENT if who in present else PresenceStatus.ABSENT,
                minutes=meeting.planned_minutes if who in present else 0,
            )
            for who in PARTICIPANTS
        )
        ref = service_sessions.see_session(session, actor, meeting.id)
        service_sessions.close_roll_call(session, actor, ref, RollCallCommand(entries=entries))
        return EvidenceRef(kind=EvidenceKind.SESSION, id=meeting.id)


def command(*evidence: EvidenceRef, level: int = 2, **given: object) -> JudgeCommand:
    """CN-01 at level 2 on this evidence, unless told."""
    return JudgeCommand.model_validate(
        {"competency_code": "CN-01", "level": level, "evidence": evidence, "comment": "Bien vu.", **given}
    )


def judge(
    database: Database, world: World, wanted: JudgeCommand, *, by: str = "trainer", of: str = "maude"
) -> JudgementShown:
    """``by`` judges ``of`` in a transaction of their own."""
    with database.transaction() as session:
        actor = acting(session, world, by, Permission.JUDGEMENT_MAKE)
        return service.judge(session, actor, cohorts.see_enrolment(session, actor, world.enrolments[of]), wanted)


def add_trainer(database: Database, world: World, who: str) -> None:
    """``who`` also trains the first cohort."""
    with database.transaction(colleges=[world.alma]) as session:
        hold(session, world.people[who], Role.TRAINER, college_id=world.alma, cohort_id=world.cohort)
