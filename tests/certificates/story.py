"""Someone who has done all that the generalist path asks for, told as facts; and a college that may issue."""

from datetime import datetime, timedelta

from app.access import P
from app.accompaniment.models import (
    Enterprise,
    EnterpriseSize,
    Mandate,
    MandateAdvisor,
    MandateMilestone,
    MilestoneKind,
)
from app.certificates import service_signatories
from app.certificates.schemas import NewSignatory
from app.codev.models import (
    CodevGroup,
    CodevMembership,
    CodevPresence,
    CodevRecord,
    CodevSession,
    CodevTurn,
    TurnStatus,
)
from app.cohorts.models import PresenceStatus, RollCall, RollCallEntry, ScheduledSession
from app.curricula.library import default_library
from app.curricula.schema import Activity, ActivityType, CertificateKind, MandateKind
from app.db import Database, Session, now
from app.grading.models import Judgement
from app.learning.models import ActivityCompletion, Countersignature, FieldHours, HandIn
from app.network import service as network
from tests.world import STARTED, World, acting

GENERALIST = default_library().curriculum("generaliste", "1.0")
ACHIEVEMENT = GENERALIST.rule(CertificateKind.attestation_reussite)


def sign(database: Database, world: World, name: str = "Hélène Castonguay") -> None:
    """Someone signs for Alma since the cohort began."""
    with database.transaction() as session:
        actor = acting(session, world, "registrar", P.CERTIFICATE_ISSUE)
        college = network.see_college(session, actor, world.alma)
        command = NewSignatory(name=name, title="Directrice de la formation continue", valid_from=STARTED)
        service_signatories.add_signatory(session, college, command)


def attend(database: Database, world: World, who: str) -> None:
    """All hours but codevelopment's: 48 of 60, enough for a participation."""
    with database.transaction() as session:
        acting(session, world, "coordinator")
        for activity in GENERALIST.activities:
            if activity.type is not ActivityType.codev:
                _do(session, world, world.enrolments[who], activity)


def achieve(database: Database, world: World, who: str) -> None:
    """Codevelopment, a mandate and every threshold besides: all that an achievement asks for."""
    attend(database, world, who)
    with database.transaction() as session:
        acting(session, world, "coordinator")
        _codevelop(session, world, world.enrolments[who])
        _accompany(session, world, who)
        assert ACHIEVEMENT is not None
        for code, level in ACHIEVEMENT.thresholds.items():
            judge(session, world, who, code, level)


def judge(session: Session, world: World, who: str, code: str, level: int) -> None:
    """The trainer validates a level."""
    session.add(
        Judgement(
            college_id=world.alma, enrolment_id=world.enrolments[who], competency_code=code, level=level,
            criteria_met=[], validated_at=now(), assessor_id=world.people["trainer"],
        )
    )  # fmt: skip


def _do(session: Session, world: World, enrolment_id: int, activity: Activity) -> None:
    common = {"college_id": world.alma, "enrolment_id": enrolment_id, "activity_code": activity.code}
    person, moment = world.people["coordinator"], now()
    if activity.type is ActivityType.field_mandate:
        row = FieldHours(
            **common, minutes=activity.minutes, worked_on=STARTED, declared_at=moment, declared_by=person
        )  # fmt: skip
        _add(session, row)
        _add(
            session,
            Countersignature(
                college_id=world.alma, field_hours_id=row.id or 0, accepted=True, decided_at=moment, decided_by=person
            ),
        )
    elif activity.is_group:
        _meet(session, world, enrolment_id, activity, moment)
    elif activity.type is ActivityType.assessment:
        _add(session, HandIn(**common, attempt=1, body="Voici.", received_at=moment, received_from=person))
    else:
        _add(session, ActivityCompletion(**common, done=True, done_on=STARTED, recorded_at=moment, recorded_by=person))


def _add(session: Session, row: object) -> None:
    session.add(row)
    session.flush()


def _meet(session: Session, world: World, enrolment_id: int, activity: Activity, moment: datetime) -> None:
    person = world.people["coordinator"]
    meeting = ScheduledSession(
        college_id=world.alma, cohort_id=world.cohort, activity_code=activity.code,
        starts_at=moment - timedelta(days=3), planned_minutes=activity.minutes, mode=activity.mode,
        created_at=moment, created_by=person,
    )  # fmt: skip
    _add(session, meeting)
    call = RollCall(college_id=world.alma, session_id=meeting.id or 0, closed_at=moment, closed_by=person)
    _add(session, call)
    entry = RollCallEntry(
        college_id=world.alma, roll_call_id=call.id or 0, enrolment_id=enrolment_id,
        status=PresenceStatus.PRESENT, minutes=activity.minutes,
    )  # fmt: skip
    _add(session, entry)


def _codevelop(session: Session, world: World, enrolment_id: int) -> None:
    person, moment = world.people["facilitator"], now()
    group = CodevGroup(
        college_id=world.alma, cohort_id=world.cohort, name=f"Groupe {enrolment_id}",
        created_at=moment, created_by=person,
    )  # fmt: skip
    _add(session, group)
    member = CodevMembership(
        college_id=world.alma, group_id=group.id or 0, enrolment_id=enrolment_id, joined_on=STARTED
    )  # fmt: skip
    _add(session, member)
    for activity in (a for a in GENERALIST.activities if a.type is ActivityType.codev):
        meeting = CodevSession(
            college_id=world.alma, group_id=group.id or 0, activity_code=activity.code,
            starts_at=moment - timedelta(days=2), planned_minutes=activity.minutes, mode=activity.mode,
            created_at=moment, created_by=person,
        )  # fmt: skip
        _add(session, meeting)
        record = CodevRecord(
            college_id=world.alma, session_id=meeting.id or 0, held=True, facilitator_id=person,
            closed_at=moment, closed_by=person,
        )  # fmt: skip
        _add(session, record)
        place = {"college_id": world.alma, "record_id": record.id or 0}
        presence = CodevPresence(
            **place, membership_id=member.id or 0, status=PresenceStatus.PRESENT, minutes=activity.minutes
        )  # fmt: skip
        _add(session, presence)
        _add(session, CodevTurn(**place, position=1, client_id=member.id or 0, status=TurnStatus.HELD))


def _accompany(session: Session, world: World, who: str) -> None:
    person, moment = world.people["coordinator"], now()
    firm = Enterprise(
        college_id=world.alma, name="Ferme Boréale", search_key="ferme boreale", sector="agriculture",
        size=EnterpriseSize.SMALL, region_code="02", created_at=moment, created_by=person,
    )  # fmt: skip
    _add(session, firm)
    mandate = Mandate(
        college_id=world.alma, enterprise_id=firm.id or 0, project_id=world.project, kind=MandateKind.orientation,
        title="Orienter", opened_on=STARTED, created_at=moment, created_by=person,
    )  # fmt: skip
    _add(session, mandate)
    for kind in MilestoneKind:
        milestone = MandateMilestone(
            college_id=world.alma, mandate_id=mandate.id or 0, kind=kind, happened_on=STARTED,
            confidentiality_clause=True, recorded_at=moment, recorded_by=person,
        )  # fmt: skip
        _add(session, milestone)
    advisor = MandateAdvisor(
        college_id=world.alma, mandate_id=mandate.id or 0, person_id=world.people[who],
        enrolment_id=world.enrolments[who],
    )  # fmt: skip
    _add(session, advisor)
