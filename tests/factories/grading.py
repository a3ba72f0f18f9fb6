"""Evidence and judgements for tests, written as their own features write them."""

from datetime import timedelta

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.mandates.models import Mandate, MandateAdvisor
from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import NewSession
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand
from app.cohorts import service as cohorts
from app.cohorts.enrolments import service as enrolments
from app.curricula.enums import MandateKind
from app.grading import service as grading
from app.grading.enums import EvidenceKind
from app.grading.schemas import EvidenceRef, JudgeCommand, JudgementShown
from app.identity.roles.service import grant_role
from app.learning.hand_ins.models import HandIn
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.search import search_key
from app.platform.security.permissions import Permission, Role
from tests.factories.network import PARTICIPANTS, World, acting

ALL_CN01 = ("CN-01.C1", "CN-01.C2", "CN-01.C3")


BODY = "Ma carte de l’écosystème.\n\nCinq ressources & leur rôle <ici>."


def hand_in(
    database: Database,
    world: World,
    who: str = "maude",
    code: str = "GEN-1.C",
    *,
    attempt: int = 1,
    days: int = 1,
    body: str = BODY,
) -> EvidenceRef:
    """Hand in a text as ``who``, so many days ago."""
    college = world.rouyn if who.startswith("other") else world.alma
    with database.transaction(colleges=[college]) as db:
        row = HandIn(
            college_id=college,
            enrolment_id=world.enrolments[who],
            activity_code=code,
            attempt=attempt,
            body=body,
            received_at=now() - timedelta(days=days),
            received_from=world.people[who],
        )
        db.add(row)
        db.flush()
        return EvidenceRef(kind=EvidenceKind.HAND_IN, id=row.id)


def open_mandate(database: Database, world: World, who: str = "maude") -> EvidenceRef:
    """Open a mandate of ``who`` in an invented enterprise."""
    with database.transaction(colleges=[world.alma]) as db:
        enterprise = Enterprise(
            college_id=world.alma, name="Scierie du Lac", search_key=search_key("Scierie du Lac"), sector="bois",
            size=EnterpriseSize.SMALL, region_code="02", created_at=now(), created_by=world.people["coordinator"],
        )  # fmt: skip
        db.add(enterprise)
        db.flush()
        row = Mandate(
            college_id=world.alma, enterprise_id=enterprise.id, project_id=world.project,
            kind=MandateKind.orientation, title="Orientation", opened_on=today(), created_at=now(),
            created_by=world.people[who],
        )  # fmt: skip
        db.add(row)
        db.flush()
        db.add(
            MandateAdvisor(
                college_id=world.alma, mandate_id=row.id, person_id=world.people[who],
                enrolment_id=world.enrolments[who],
            )
        )  # fmt: skip
        return EvidenceRef(kind=EvidenceKind.MANDATE, id=row.id)


def hold_session(
    database: Database, world: World, present: tuple[str, ...] = ("maude",), code: str = "GEN-1.B", *, days: int = 2
) -> EvidenceRef:
    """Hold and close a session, of GEN-1.B by default, at which only those were present, so many days ago."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", Permission.SESSION_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        meeting = calendar.schedule(
            db, actor, cohort, NewSession(activity_code=code, starts_at=now() - timedelta(days=days))
        )
        entries = tuple(
            EntryCommand(
                enrolment_id=world.enrolments[who],
                status=PresenceStatus.PRESENT if who in present else PresenceStatus.ABSENT,
                minutes=meeting.planned_minutes if who in present else 0,
            )
            for who in PARTICIPANTS
        )
        ref = calendar.see_session(db, actor, meeting.id)
        roll_calls.close_roll_call(db, actor, ref, RollCallCommand(entries=entries))
        return EvidenceRef(kind=EvidenceKind.SESSION, id=meeting.id)


def judge_command(*evidence: EvidenceRef, level: int = 2, **given: object) -> JudgeCommand:
    """Return the command that judges CN-01 on this evidence, at level 2 for two criteria by default."""
    competency = given.get("competency_code", "CN-01")
    criteria = (f"{competency}.C1", f"{competency}.C2")
    return JudgeCommand.model_validate({
        "competency_code": competency, "level": level, "criteria_met": criteria, "evidence": evidence,
        "comment": "Bien vu.", **given,
    })  # fmt: skip


def judge(
    database: Database, world: World, command: JudgeCommand, *, by: str = "trainer", of: str = "maude"
) -> JudgementShown:
    """Judge ``of`` as ``by``, in its own transaction."""
    with database.transaction() as db:
        actor = acting(db, world, by, Permission.JUDGEMENT_MAKE)
        return grading.judge(db, actor, enrolments.see_enrolment(db, actor, world.enrolments[of]), command)


def add_trainer(database: Database, world: World, who: str) -> None:
    """Make ``who`` a trainer of the first cohort too."""
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people[who], Role.TRAINER, college_id=world.alma, cohort_id=world.cohort)
