"""Someone who has done all that the generalist path asks for, told as facts; and a college that may issue."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.models import Enterprise
from app.accompaniment.field_hours.models import Countersignature, FieldHours
from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.models import Mandate, MandateAdvisor, MandateMilestone, MilestoneConfirmation
from app.attendance.calendar.models import ScheduledSession
from app.attendance.roll_calls.enums import PresenceStatus
from app.attendance.roll_calls.models import RollCall, RollCallEntry
from app.certificates.branding import signatories
from app.certificates.branding.schemas import NewSignatory
from app.codev.groups.models import CodevGroup, CodevMembership
from app.codev.records.enums import TurnStatus
from app.codev.records.models import CodevPresence, CodevRecord, CodevTurn
from app.codev.sessions.models import CodevSession
from app.curricula.enums import ActivityType, MandateKind
from app.curricula.library import default_library
from app.curricula.schemas import Activity
from app.grading.models import Judgement
from app.learning.activities.models import ActivityCompletion
from app.learning.hand_ins.models import HandIn
from app.network import service as network
from app.network.enums import CertificateKind
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories.network import STARTED, World, acting

GENERALIST = default_library().curriculum("generaliste", "1.0")
ACHIEVEMENT = GENERALIST.rule(CertificateKind.attestation_reussite)


def sign(database: Database, world: World, name: str = "Hélène Castonguay") -> None:
    """Someone signs for Alma since the cohort began."""
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        college = network.see_college(db, actor, world.alma)
        command = NewSignatory(name=name, title="Directrice de la formation continue", valid_from=STARTED)
        signatories.add_signatory(db, college, command)


def attend(database: Database, world: World, who: str) -> None:
    """All hours but codevelopment's: 48 of 60, enough for a participation."""
    with database.transaction() as db:
        acting(db, world, "coordinator")
        for activity in GENERALIST.activities:
            if activity.type is not ActivityType.codev:
                _do(db, world, world.enrolments[who], activity)


def achieve(database: Database, world: World, who: str, *, unjudged: Collection[str] = ()) -> None:
    """Codevelopment, a mandate and every threshold besides (those named apart): all that an achievement asks for."""
    attend(database, world, who)
    with database.transaction() as db:
        acting(db, world, "coordinator")
        _codevelop(db, world, world.enrolments[who])
        _accompany(db, world, who)
        assert ACHIEVEMENT is not None
        for code, level in ACHIEVEMENT.thresholds.items():
            if code in unjudged:
                continue
            judge(db, world, who, code, level)


def judge(db: Session, world: World, who: str, code: str, level: int) -> None:
    """The trainer validates a level."""
    db.add(
        Judgement(
            college_id=world.alma, enrolment_id=world.enrolments[who], competency_code=code, level=level,
            criteria_met=[], validated_at=now(), assessor_id=world.people["trainer"],
        )
    )  # fmt: skip


def _do(db: Session, world: World, enrolment_id: int, activity: Activity) -> None:
    common: dict[str, Any] = {"college_id": world.alma, "enrolment_id": enrolment_id, "activity_code": activity.code}
    person, moment = world.people["coordinator"], now()
    if activity.type is ActivityType.field_mandate:
        row = FieldHours(
            **common, minutes=activity.minutes, worked_on=STARTED, declared_at=moment, declared_by=person
        )  # fmt: skip
        _add(db, row)
        _add(
            db,
            Countersignature(
                college_id=world.alma, field_hours_id=row.id, accepted=True, decided_at=moment, decided_by=person
            ),
        )
    elif activity.is_group:
        _meet(db, world, enrolment_id, activity, moment)
    elif activity.type is ActivityType.assessment:
        _add(db, HandIn(**common, attempt=1, body="Voici.", received_at=moment, received_from=person))
    else:
        _add(db, ActivityCompletion(**common, done=True, done_on=STARTED, recorded_at=moment, recorded_by=person))


def _add(db: Session, row: object) -> None:
    db.add(row)
    db.flush()


def _meet(db: Session, world: World, enrolment_id: int, activity: Activity, moment: datetime) -> None:
    person = world.people["coordinator"]
    meeting = ScheduledSession(
        college_id=world.alma, cohort_id=world.cohort, activity_code=activity.code,
        starts_at=moment - timedelta(days=3), planned_minutes=activity.minutes, mode=activity.mode,
        created_at=moment, created_by=person,
    )  # fmt: skip
    _add(db, meeting)
    call = RollCall(college_id=world.alma, session_id=meeting.id, closed_at=moment, closed_by=person)
    _add(db, call)
    entry = RollCallEntry(
        college_id=world.alma, roll_call_id=call.id, enrolment_id=enrolment_id,
        status=PresenceStatus.PRESENT, minutes=activity.minutes,
    )  # fmt: skip
    _add(db, entry)


def _codevelop(db: Session, world: World, enrolment_id: int) -> None:
    person, moment = world.people["facilitator"], now()
    group = CodevGroup(
        college_id=world.alma, cohort_id=world.cohort, name=f"Groupe {enrolment_id}",
        contract_version="1.0", protocol_version="1.0",
        created_at=moment, created_by=person,
    )  # fmt: skip
    _add(db, group)
    member = CodevMembership(
        college_id=world.alma, group_id=group.id, enrolment_id=enrolment_id, joined_on=STARTED
    )  # fmt: skip
    _add(db, member)
    for activity in (a for a in GENERALIST.activities if a.type is ActivityType.codev):
        meeting = CodevSession(
            college_id=world.alma, group_id=group.id, activity_code=activity.code,
            starts_at=moment - timedelta(days=2), planned_minutes=activity.minutes, mode=activity.mode,
            created_at=moment, created_by=person,
        )  # fmt: skip
        _add(db, meeting)
        record = CodevRecord(
            college_id=world.alma, session_id=meeting.id, held=True, facilitator_id=person,
            closed_at=moment, closed_by=person,
        )  # fmt: skip
        _add(db, record)
        place: dict[str, Any] = {"college_id": world.alma, "record_id": record.id}
        presence = CodevPresence(
            **place, membership_id=member.id, status=PresenceStatus.PRESENT, minutes=activity.minutes
        )  # fmt: skip
        _add(db, presence)
        _add(db, CodevTurn(**place, position=1, client_id=member.id, status=TurnStatus.HELD))


def _accompany(db: Session, world: World, who: str) -> None:
    person, moment = world.people["coordinator"], now()
    firm = Enterprise(
        college_id=world.alma, name="Ferme Boréale", search_key="ferme boreale", sector="agriculture",
        size=EnterpriseSize.SMALL, region_code="02", created_at=moment, created_by=person,
    )  # fmt: skip
    _add(db, firm)
    mandate = Mandate(
        college_id=world.alma, enterprise_id=firm.id, project_id=world.project, kind=MandateKind.orientation,
        title="Orienter", opened_on=STARTED, created_at=moment, created_by=person,
    )  # fmt: skip
    _add(db, mandate)
    for kind in MilestoneKind:
        milestone = MandateMilestone(
            college_id=world.alma, mandate_id=mandate.id, kind=kind, happened_on=STARTED,
            confidentiality_clause=True, recorded_at=moment, recorded_by=person,
        )  # fmt: skip
        _add(db, milestone)
        by = world.people["trainer"]
        _add(
            db,
            MilestoneConfirmation(
                college_id=world.alma, milestone_id=milestone.id, confirmed_at=moment, confirmed_by=by
            ),
        )
    advisor = MandateAdvisor(
        college_id=world.alma, mandate_id=mandate.id, person_id=world.people[who],
        enrolment_id=world.enrolments[who],
    )  # fmt: skip
    _add(db, advisor)
