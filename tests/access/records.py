"""One record of each kind in each place, with canaries in every text, for the calls of the matrix."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlmodel import col, select

from app.accompaniment.enterprises.enums import EnterpriseSize
from app.accompaniment.enterprises.schemas import NewEnterprise
from app.accompaniment.field_hours import service as field_hours
from app.accompaniment.field_hours.models import Countersignature, FieldHours
from app.accompaniment.field_hours.schemas import CountersignCommand, HoursCommand
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.enums import MilestoneKind
from app.accompaniment.mandates.schemas import MilestoneCommand, NewMandate
from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import CancelCommand, NewSession
from app.attendance.catch_ups import service as catch_ups
from app.attendance.catch_ups.schemas import CatchUpCommand
from app.attendance.check_ins import service as check_ins
from app.attendance.check_ins.models import CheckIn, CheckInOpening
from app.attendance.check_ins.schemas import OpenCheckIn
from app.attendance.roll_calls import service as roll_calls
from app.attendance.roll_calls.enums import PresenceMode, PresenceStatus
from app.attendance.roll_calls.schemas import EntryCommand, RollCallCommand
from app.attendance.series import service as series
from app.attendance.series.schemas import NewSeries
from app.certificates.batches.models import Batch, BatchItem
from app.certificates.batches.rules import FAILED
from app.certificates.branding import signatories
from app.certificates.branding.schemas import NewSignatory, SignatoryChangeCommand, SignatoryRef
from app.certificates.corrections.models import Revocation
from app.certificates.documents import service as documents
from app.certificates.documents.service import DocumentStore
from app.certificates.enums import CertificateState, RevocationGround
from app.certificates.issuing import service as certificates
from app.certificates.issuing.schemas import IssueCertificate
from app.certificates.models import Certificate
from app.certificates.register import service as register
from app.codev.actions import service as actions
from app.codev.actions.schemas import NewAction
from app.codev.confidences.places import see_own_place
from app.codev.entrances.models import CodevEntrance
from app.codev.groups import service as codev
from app.codev.groups.models import CodevGroup
from app.codev.groups.schemas import JoinCommand, LeaveCommand, NewGroup
from app.codev.handovers.models import CodevSwap
from app.codev.journal import service as journal
from app.codev.journal.schemas import NewJournalEntry
from app.codev.ratings import service as ratings
from app.codev.ratings.schemas import RatingCommand
from app.codev.records import service as records
from app.codev.records.enums import TurnReason, TurnStatus
from app.codev.records.schemas import PresenceCommand, RecordCommand, TurnCommand
from app.codev.sessions import service as sessions
from app.codev.sessions.enums import CodevRole
from app.codev.sessions.models import RoleAssignment
from app.codev.sessions.schemas import NewCodevSession
from app.codev.sheets import service as sheets
from app.codev.sheets.enums import TopicKind
from app.codev.sheets.models import PreparationSheet
from app.codev.sheets.schemas import SheetCommand
from app.codev.writings import service as writings
from app.codev.writings.enums import WritingKind
from app.codev.writings.schemas import WritingCommand
from app.cohorts import service as cohorts
from app.cohorts.announcements.models import Announcement
from app.cohorts.enrolments import service as enrolments_service
from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enums import CohortState, EnrolmentState
from app.cohorts.lifecycle import service as lifecycle
from app.cohorts.models import Application, Cohort, Enrolment, EnrolmentProposal
from app.cohorts.schemas import CohortRef, NewCohort
from app.cohorts.settings.schemas import CohortChange
from app.cohorts.waitlist.models import SeatOffer
from app.community.profiles.enums import Availability
from app.community.profiles.models import AdvisorProfile
from app.curricula.enums import ActivityType, MandateKind, Mode
from app.curricula.library import default_library
from app.grading import service as grading
from app.grading.assignments.models import WorkAssignment
from app.grading.comments.models import SavedComment
from app.grading.drafts import service as drafts
from app.grading.drafts.schemas import DraftCommand, DraftKey, DraftPlace
from app.grading.enums import EvidenceKind
from app.grading.models import Judgement, JudgementEvidence
from app.grading.panels.enums import PanelKind
from app.grading.panels.models import Panel, PanelSeat
from app.grading.schemas import EvidenceRef, JudgeCommand
from app.grading.team_traces import service as team_traces
from app.grading.team_traces.models import TraceShare
from app.grading.team_traces.schemas import TeamCommand
from app.grading.works import service as works
from app.grading.works.enums import WorkDecisionKind
from app.grading.works.schemas import WorkDecisionCommand
from app.holds.enums import HoldKind
from app.holds.models import Hold
from app.identity.account.models import Account
from app.identity.address_change.models import AddressChange
from app.identity.api_tokens.models import ApiToken
from app.identity.invitations.models import Invitation
from app.identity.oidc.models import OidcIdentity, OidcProvider
from app.identity.password_reset.models import PasswordReset
from app.identity.roles.models import RoleGrantRow, RoleProposal
from app.identity.sign_in.authentication import digest
from app.identity.sign_in.enums import SignInKind
from app.identity.sign_in.models import SignIn
from app.identity.sign_in.service import create_sign_in
from app.identity.staff.service import see_staff_role
from app.learning.activities.models import ActivityCompletion
from app.learning.documents import service as cohort_documents
from app.learning.documents.schemas import NewDocument
from app.learning.documents.service import SharedFile
from app.learning.extra_attempts.models import ExtraAttempt
from app.learning.hand_ins import service as hand_ins
from app.learning.hand_ins.models import HandIn
from app.learning.hand_ins.schemas import FileCommand, TextCommand
from app.learning.uploads import service as uploads
from app.learning.uploads.schemas import UploadCommand
from app.network import service as network
from app.network.enums import CertificateKind
from app.network.models import College
from app.network.schemas import NewCollege, NewProject
from app.network.venues.models import Venue
from app.notifications.enums import Kind
from app.notifications.models import Notification
from app.notifications.schemas import Event
from app.notifications.service import notify
from app.overview.calendar.models import CalendarFeed
from app.overview.cohort_change import service as cohort_change
from app.overview.cohort_team import service as cohort_team
from app.people.consents.enums import Purpose
from app.people.consents.models import Consent
from app.people.models import Person
from app.platform.clock import now
from app.platform.database.claims import Right
from app.platform.database.session import Session, allow, set_actor
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.files.store import digest as digest_of_file
from app.platform.messages.i18n import today
from app.platform.messages.outbox import enqueue
from app.platform.search import search_key
from app.platform.security.actor import Actor
from app.platform.security.permissions import Permission, Role
from app.recognition.enums import ClaimState, StepKind
from app.recognition.models import PriorLearningClaim, PriorLearningPiece, PriorLearningStep
from app.resources.corrections.enums import CorrectionAbout
from app.resources.corrections.models import Correction
from app.resources.directory.enums import ResourceAct, ResourceKind
from app.resources.directory.models import Resource, ResourceChange
from app.transfers.enums import TransferState
from app.transfers.models import Transfer
from tests.access.actors import LOOSE, MEMBERS, ROLL, Place, set_up_places
from tests.access.payloads import SERIES, SETTINGS
from tests.conftest import RING, SITE
from tests.factories.codev import agree_all
from tests.factories.engine import fail_job
from tests.factories.learning import PDF
from tests.factories.network import STARTED, World, acting
from tests.factories.photos import jpeg

P = Permission
Row: TypeAlias = dict[str, Any]
GENERALIST = default_library().curriculum("generaliste", "1.0")
NEQ = {"alma": "1166000001", "far": "1166000002", "rouyn": "1166000003"}
SOON = now() + timedelta(hours=1)
SILENT = "http://127.0.0.1:9"
"""An issuer that never answers."""
FIRST = datetime.combine(STARTED + timedelta(days=2), time(17), UTC)


class PlaceUser:
    """A person of a place, with their transaction and the objects that they may see."""

    def __init__(self, db: Session, world: World, place: Place, part: str) -> None:
        self.db, self.world, self.place = db, world, place
        self.who = place.parts[part]

    def actor(self, permission: Permission) -> Actor:
        """Return the person as an actor with one permission in force."""
        return acting(self.db, self.world, self.who, permission)

    def cohort(self, permission: Permission) -> CohortRef:
        """Return the place's cohort, loaded with a permission."""
        return cohorts.see_cohort(self.db, self.actor(permission), self.place.cohort)

    def enrolment(self, permission: Permission, part: str = "owner") -> EnrolmentRef:
        """Return the enrolment of a part, loaded with a permission."""
        return enrolments_service.see_enrolment(self.db, self.actor(permission), self.ids(part))

    def ids(self, part: str) -> int:
        """Return the enrolment id of a part."""
        return self.world.enrolments[f"{self.place.name}:{part}"]


def build(database: Database, world: World, files: Path) -> dict[str, Place]:
    """Create all records of every place, and return the places; ``files`` is the folder of stored files."""
    places = set_up_places(database, world)
    with database.transaction() as db:
        command = NewProject(slug="autre", name="Autre projet", funder="Autre", starts_on=STARTED, ends_on=today())
        other = network.open_project(db, command).id
        closed = _closed_college(db)
    for place in places.values():
        place.ids |= _known(world, place, other) | {"closed_college": closed}
        for step, part in STEPS:
            with database.transaction() as db:
                step(PlaceUser(db, world, place, part), files)
    return places


def _closed_college(db: Session) -> int:
    """Add a college that is closed, where nobody has a role."""
    command = NewCollege(slug="ferme", name="Cégep Fermé", city="Ville", region_code="03", number_prefix="FER")
    id_ = network.open_college(db, command).id
    row = db.get_one(College, id_)
    row.closed_at, row.closed_reason = now(), "Départ."
    db.add(row)
    return id_


def _known(world: World, place: Place, other_project: int) -> dict[str, int | str | list[int]]:
    people = {part: world.people[who] for part, who in place.parts.items()}
    enrolments = {part: world.enrolments[f"{place.name}:{part}"] for part in (*ROLL, "applicant")}
    return {
        "project": world.project if place.name != "rouyn" else other_project,
        "shared_project": world.project,
        "proposal": "rien",
        "first_code": "000000",
        "college": place.college,
        "cohort": place.cohort,
        "enrolment": enrolments["owner"],
        "peer_enrolment": enrolments["peer"],
        "graduate": enrolments["graduate"],
        "applicant": enrolments["applicant"],
        "loose_enrolment": enrolments["loose1"],
        "loose": [enrolments[part] for part in LOOSE],
        "roll": [enrolments[part] for part in ROLL],
        **{f"{part}_person": people[part] for part in ("coordinator", "trainer", "facilitator", "owner", "peer")},
    }


# The calendar -----------------------------------------------------------------------------------


def _calendar(at: PlaceUser, _: Path) -> None:
    workshops = [a.code for a in GENERALIST.activities if a.is_group and a.type is not ActivityType.codev]
    for code in workshops:
        meeting = _meet(at, code)
        entries = _present(at, code)
        ref = calendar.see_session(at.db, at.actor(P.ROLLCALL_RECORD), meeting)
        sheet = roll_calls.close_roll_call(at.db, at.actor(P.ROLLCALL_RECORD), ref, RollCallCommand(entries=entries))
        assert sheet.roll_call_id is not None
        at.place.ids |= {"session": meeting, "roll_call": sheet.roll_call_id}
    at.place.ids["open_session"] = _meet(at, "GEN-1.B")
    online = {"mode": Mode.hybrid, "meeting_link": f"https://visio.example/{at.place.mark('Visio')}"}
    soon = NewSession.model_validate({"activity_code": "GEN-1.B", "starts_at": now() + timedelta(hours=6), **online})
    at.place.ids["online_session"] = calendar.schedule(
        at.db, at.actor(P.SESSION_MANAGE), at.cohort(P.SESSION_MANAGE), soon
    ).id
    _check_in(at)
    dropped = calendar.see_session(at.db, at.actor(P.SESSION_MANAGE), _meet(at, "GEN-2.B"))
    called = RollCallCommand(entries=_present(at, "GEN-2.B"))
    roll_calls.close_roll_call(at.db, at.actor(P.ROLLCALL_RECORD), dropped, called)
    command = CancelCommand(reason=at.place.mark("Annule"))
    calendar.cancel(at.db, at.actor(P.SESSION_MANAGE), dropped, command)
    at.place.ids["cancelled_session"] = dropped.id
    due = CatchUpCommand(activity_code="GEN-2.B", due_on=today() + timedelta(days=9))
    given = catch_ups.assign_catch_up(at.db, at.actor(P.ROLLCALL_RECORD), at.enrolment(P.ROLLCALL_RECORD), due)
    at.place.ids["catch_up"] = given.id


def _check_in(at: PlaceUser) -> None:
    """Add two sessions that have just begun: the check-in of one is open, and four people checked in."""
    soon = NewSession(activity_code="GEN-2.B", starts_at=now() - timedelta(minutes=5), planned_minutes=720)
    held = calendar.schedule(at.db, at.actor(P.SESSION_MANAGE), at.cohort(P.SESSION_MANAGE), soon).id
    caller = at.actor(P.ROLLCALL_RECORD)
    check_ins.open_check_in(at.db, RING, caller, calendar.see_session(at.db, caller, held), OpenCheckIn())
    opening = at.db.exec(select(CheckInOpening).where(CheckInOpening.session_id == held)).one()
    at.db.add_all(
        CheckIn(
            college_id=at.place.college,
            opening_id=opening.id,
            session_id=held,
            enrolment_id=at.ids(part),
            checked_in_at=now(),
            mode=PresenceMode.ONSITE,
        )
        for part in ("owner", "peer", "loose3", "loose4")
    )
    at.place.ids["begun_session"] = held
    other = soon.model_copy(update={"starts_at": now() - timedelta(minutes=6)})
    at.place.ids["unopened_session"] = calendar.schedule(
        at.db, at.actor(P.SESSION_MANAGE), at.cohort(P.SESSION_MANAGE), other
    ).id


def _draft(at: PlaceUser, _: Path) -> None:
    """Prepare another cohort, which holds nobody."""
    like = at.cohort(P.COHORT_MANAGE)
    college = network.college(at.db, at.place.college)
    command = NewCohort(
        project_id=like.project_id, region_code="02", code=f"EBAUCHE-{at.place.name.upper()}", title="Ébauche",
        curriculum_slug="generaliste", curriculum_version="1.0", starts_on=today() + timedelta(days=40), place="Alma",
    )  # fmt: skip
    at.place.ids["draft_cohort"] = cohorts.add_cohort(at.db, at.actor(P.COHORT_MANAGE), college, command).id


def _present(at: PlaceUser, code: str) -> tuple[EntryCommand, ...]:
    """Return the whole roll as present for a whole workshop."""
    minutes = GENERALIST.activity(code).minutes
    return tuple(
        EntryCommand(
            enrolment_id=at.ids(part), status=PresenceStatus.PRESENT, minutes=minutes, mode=PresenceMode.ONSITE
        )
        for part in ROLL
    )


def _meet(at: PlaceUser, code: str) -> int:
    command = NewSession(activity_code=code, starts_at=now() - timedelta(days=2), place=at.place.mark("Lieu"))
    return calendar.schedule(at.db, at.actor(P.SESSION_MANAGE), at.cohort(P.SESSION_MANAGE), command).id


# What participants do ---------------------------------------------------------------------------


def _path(at: PlaceUser, _: Path) -> None:
    """Add the individual activities as rows, without the services: they are only needed for a certificate."""
    coordinator = at.actor(P.ENROLMENT_READ).person_id
    for part in ("owner", "graduate"):
        common: Row = {"college_id": at.place.college, "enrolment_id": at.ids(part)}
        for activity in GENERALIST.activities:
            by: Row = {**common, "activity_code": activity.code}
            if activity.type is ActivityType.self_study:
                _add(
                    at, ActivityCompletion(**by, done=True, done_on=STARTED, recorded_at=now(), recorded_by=coordinator)
                )
            elif activity.type is ActivityType.assessment:
                body = at.place.mark("Texte")
                _add(at, HandIn(**by, attempt=1, body=body, received_at=now(), received_from=coordinator))
            elif activity.type is ActivityType.field_mandate and (part, activity.code) != ("owner", "GEN-8.A"):
                row = FieldHours(
                    **by, minutes=activity.minutes, worked_on=STARTED, declared_at=now(), declared_by=coordinator
                )
                _add(at, row)
                said: Row = {"accepted": True, "decided_at": now(), "decided_by": coordinator}
                _add(at, Countersignature(college_id=at.place.college, field_hours_id=row.id, **said))


def _add(at: PlaceUser, row: object) -> None:
    at.db.add(row)
    at.db.flush()


def _hand_in(at: PlaceUser, files: Path) -> None:
    ids, mark = at.place.ids, at.place.mark
    text = TextCommand(activity_code="GEN-1.C", body=mark("Texte"))
    enrolment = at.enrolment(P.ACTIVITY_DO)
    shown, _ = hand_ins.hand_in_text(at.db, at.actor(P.ACTIVITY_DO), enrolment, text)
    content = PDF + mark("Contenu").encode()
    named = FileCommand(activity_code="GEN-2.C", name=f"{mark('Fichier')}.pdf", content=content)
    kept, _ = hand_ins.hand_in_file(
        at.db, at.actor(P.ACTIVITY_DO), enrolment, named, files=FolderStore(files), megabytes=20
    )
    ids |= {"hand_in": shown.id, "file_hand_in": kept.id}
    ids |= {"work": f"hand_in:{shown.id}", "file_work": f"hand_in:{kept.id}", "work_cursor": 10 * shown.id}
    deposit = TextCommand(activity_code="GEN-2.B", body=mark("Equipe"))
    trace, _ = hand_ins.hand_in_text(at.db, at.actor(P.ACTIVITY_DO), enrolment, deposit)
    seen = team_traces.see_trace(at.db, at.actor(P.ACTIVITY_DO), trace.id)
    team_traces.name_team(at.db, at.actor(P.ACTIVITY_DO), seen, TeamCommand(enrolment_ids=(at.ids("peer"),)))
    share = at.db.exec(select(TraceShare.id).where(TraceShare.hand_in_id == trace.id)).one()
    ids |= {"trace": trace.id, "share": share}
    for key in ("hours", "decided_hours"):
        hours = HoursCommand(
            activity_code="GEN-8.A", mandate_id=int(ids["mandate"]), minutes=60, worked_on=STARTED,  # type: ignore[arg-type]
            note=f"{mark('Note')} {key}",
        )  # fmt: skip
        declared, _ = field_hours.declare_hours(at.db, at.actor(P.ACTIVITY_DO), enrolment, hours)
        ids[key] = declared.id


def _upload(at: PlaceUser, files: Path) -> None:
    """Begin to send a file, and send another whole."""
    actor, enrolment, store = at.actor(P.ACTIVITY_DO), at.enrolment(P.ACTIVITY_DO), FolderStore(files)
    for key in ("upload", "whole_upload"):
        content = PDF + f"{at.place.mark('Contenu')} {key}".encode()
        command = UploadCommand(
            file_name=f"{at.place.mark('Fichier')}.pdf", file_size=len(content), file_sha256=digest_of_file(content)
        )
        begun, _ = uploads.start_upload(at.db, actor, enrolment, command, megabytes=20)
        at.place.ids[key] = begun.id
    uploads.append_part(at.db, begun, 0, content, store)


def _document(at: PlaceUser, files: Path) -> None:
    """Share a document of a workshop."""
    cohort, actor = at.cohort(P.DOCUMENT_SHARE), at.actor(P.DOCUMENT_SHARE)
    file = SharedFile("r.pdf", PDF + at.place.mark("Partage").encode(), FolderStore(files), 20)
    for key in ("document_upload", "whole_document_upload"):
        content = PDF + f"{at.place.mark('Envoi')} {key}".encode()
        command_of_file = UploadCommand(
            file_name=f"{at.place.mark('Envoi')}.pdf", file_size=len(content), file_sha256=digest_of_file(content)
        )
        begun, _ = uploads.start_document_upload(at.db, actor, cohort, command_of_file, megabytes=20)
        at.place.ids[key] = begun.id
    uploads.append_part(at.db, begun, 0, content, FolderStore(files))
    command = NewDocument(title=at.place.mark("Partage"), body="Cinq règles.")
    at.place.ids["document"] = cohort_documents.share(at.db, actor, cohort, "GEN-1.B", command, file=file).id


def _profile(at: PlaceUser, files: Path) -> None:
    """Publish a profile with its photo, of one person whom every place reads: it belongs to no college."""
    published = sa.select(col(Person.id)).where(col(Person.legal_last_name) == "Publiée")
    found = at.db.execute(published).scalar_one_or_none()
    if found is None:
        person = Person(
            legal_first_name="Fiche", legal_last_name="Publiée", search_key="fiche publiee", created_at=now()
        )
        _add(at, person)
        set_actor(at.db, colleges=[at.place.college], person=person.id)
        photo = FolderStore(files).store(jpeg(with_place=False))
        _add(at, AdvisorProfile(
            person_id=person.id, presentation="Une fiche.", not_doing="Rien.", regions=["02"], sectors=["tourism"],
            languages=["french"], availability=Availability.OPEN, search_text="une fiche", photo_sha256=photo,
            version=1, changed_at=now(),
        ))  # fmt: skip
        for purpose in (Purpose.PROFILE_DIRECTORY, Purpose.PROFILE_PHOTO):
            _add(at, Consent(person_id=person.id, purpose=purpose, text_version="1.0", language="fr", given_at=now()))
        found = person.id
    at.place.ids["advisor"] = found


def _countersign(at: PlaceUser, _: Path) -> None:
    actor = at.actor(P.HOURS_COUNTERSIGN)
    seen = field_hours.see_hours(at.db, actor, int(at.place.ids["decided_hours"]))  # type: ignore[arg-type]
    shown = field_hours.countersign(at.db, actor, seen, CountersignCommand(accepted=True))
    assert shown.countersignature_id is not None
    at.place.ids["countersignature"] = shown.countersignature_id


def _mandate(at: PlaceUser, _: Path) -> None:
    mark = at.place.mark
    firm = NewEnterprise(
        name=mark("Entreprise"), neq=NEQ[at.place.name], sector="Bois", size=EnterpriseSize.SMALL, region_code="02"
    )
    command = NewMandate(kind=MandateKind.orientation, title=mark("Mandat"), enterprise=firm)
    opened = mandates.open_mandate(at.db, at.actor(P.MANDATE_MANAGE), [at.enrolment(P.MANDATE_MANAGE)], command)
    ref = mandates.see_mandate(at.db, at.actor(P.MANDATE_MANAGE), opened.id)
    signed = MilestoneCommand(kind=MilestoneKind.AGREEMENT, happened_on=today(), confidentiality_clause=True)
    shown = mandates.record_milestone(at.db, at.actor(P.MANDATE_MANAGE), ref, signed)
    at.place.ids |= {
        "mandate": opened.id, "enterprise": opened.enterprise_id, "neq": NEQ[at.place.name],
        "milestone": shown.milestones[0].id,
    }  # fmt: skip


# Codevelopment ----------------------------------------------------------------------------------


LATELY = datetime.combine(today() - timedelta(days=1), time(19), UTC)
"""A session whose questionnaire is open."""
COMING = datetime.combine(today() + timedelta(days=10), time(19), UTC)
CODEV_SESSIONS = (
    ("codev_session", "GEN-7.A", FIRST), ("next_codev_session", "GEN-7.B", LATELY),
    ("cancelled_codev_session", "GEN-7.D", FIRST), ("coming_codev_session", "GEN-7.C", COMING),
)  # fmt: skip


def _group(at: PlaceUser, _: Path) -> None:
    command = NewGroup(
        name=at.place.mark("Groupe"),
        enrolment_ids=tuple(at.ids(part) for part in MEMBERS),
        facilitator_id=at.world.people[at.place.parts["facilitator"]],
        joined_on=STARTED,
    )
    formed = codev.create_group(at.db, at.actor(P.CODEV_MANAGE), at.cohort(P.CODEV_MANAGE), command)
    memberships = {m.enrolment_id: m.membership_id for m in formed.members}
    at.place.ids |= {
        "group": formed.id,
        "memberships": [memberships[at.ids(part)] for part in MEMBERS],
        "first_membership": memberships[at.ids("owner")],
        "second_membership": memberships[at.ids("peer")],
        "last_membership": memberships[at.ids("graduate")],
        "membership": memberships[at.ids("third")],
    }
    ref = codev.see_group(at.db, at.actor(P.CODEV_MANAGE), formed.id)
    at.place.ids["former_membership"] = _former_member(at)
    at.place.ids["entrance"] = _entrance(at, formed.id)
    for key, code, starts_at in CODEV_SESSIONS:
        planned = NewCodevSession(activity_code=code, starts_at=starts_at)
        row = sessions.plan_session(at.db, at.actor(P.CODEV_MANAGE), ref, planned)
        at.place.ids[key] = row.id
    agree_all(at.db, formed.id)
    at.place.ids["swap"] = _swap(at)


def _swap(at: PlaceUser) -> int:
    """Plan the owner and the peer as clients of the session to come; return a swap that the peer proposes the owner."""
    ids: dict[str, int] = at.place.ids  # type: ignore[assignment]
    coming = ids["coming_codev_session"]
    for position, client in ((1, "first_membership"), (2, "second_membership")):
        for key, role in ((client, CodevRole.CLIENT), ("last_membership", CodevRole.RESERVE)):
            planned = RoleAssignment(
                college_id=at.place.college, session_id=coming, position=position, membership_id=ids[key], role=role
            )
            _add(at, planned)
    row = CodevSwap(
        college_id=at.place.college, session_id=coming, membership_id=ids["second_membership"],
        asked_id=ids["first_membership"], exchange_session_id=coming,
        proposed_at=now(), proposed_by=at.world.people[at.place.parts["peer"]],
    )  # fmt: skip
    _add(at, row)
    return row.id


def _former_member(at: PlaceUser) -> int:
    """Return the membership of someone who joined the group and left it the same day."""
    actor = at.actor(P.CODEV_MANAGE)
    ref = codev.see_group(at.db, actor, int(at.place.ids["group"]))  # type: ignore[arg-type]
    former = at.ids("loose2")
    joined = codev.add_member(at.db, actor, ref, JoinCommand(enrolment_id=former, joined_on=STARTED))
    membership = next(m.membership_id for m in joined.members if m.enrolment_id == former)
    codev.remove_member(at.db, ref, LeaveCommand(membership_id=membership, left_on=STARTED))
    return membership


def _sheet(at: PlaceUser, _: Path) -> None:
    actor = at.actor(P.CONFIDENCE_WRITE)
    own = see_own_place(at.db, actor, int(at.place.ids["coming_codev_session"]))  # type: ignore[arg-type]
    said = at.place.mark("Fiche")
    command = SheetCommand(topic=TopicKind.CONCERN, title=said, situation=said, tried=said, question=said)
    sheets.write_sheet(at.db, RING, own, command, version=0)
    at.place.ids["sheet"] = at.db.execute(sa.select(sa.func.max(col(PreparationSheet.id)))).scalar_one()


def _learning(at: PlaceUser, _: Path) -> None:
    place = see_own_place(at.db, at.actor(P.CONFIDENCE_WRITE), int(at.place.ids["codev_session"]))  # type: ignore[arg-type]
    said = WritingCommand(text=at.place.mark("Suite"))
    writings.write(at.db, RING, place, (WritingKind.LEARNING, 0), said, version=0)


def _rating(at: PlaceUser, _: Path) -> None:
    place = see_own_place(at.db, at.actor(P.CONFIDENCE_WRITE), int(at.place.ids["next_codev_session"]))  # type: ignore[arg-type]
    ratings.answer(at.db, RING, place, RatingCommand(usefulness=4, climate=5, method=3, comment="Plus de silences."))


def _own(at: PlaceUser, _: Path) -> None:
    """Add an action and a journal entry of the client."""
    place = see_own_place(at.db, at.actor(P.CONFIDENCE_WRITE), int(at.place.ids["codev_session"]))  # type: ignore[arg-type]
    decided = NewAction(text=at.place.mark("Suite"), due_on=today())
    at.place.ids["action"] = actions.add_action(at.db, RING, place, decided).id
    own = journal.see_journal(at.db, at.actor(P.JOURNAL_KEEP), place.group_id)
    at.place.ids["entry"] = journal.add_entry(at.db, RING, own, NewJournalEntry(text=at.place.mark("Journal"))).id


def _entrance(at: PlaceUser, group_id: int) -> int:
    """Return an announced entrance, of someone whom the forms of other groups do not name."""
    row = CodevEntrance(
        college_id=at.place.college, group_id=group_id, enrolment_id=at.ids("graduate"),
        enters_on=today() + timedelta(days=3), announced_at=now(), announced_by=at.world.people[at.who],
    )  # fmt: skip
    _add(at, row)
    return row.id


def _cancel_codev(at: PlaceUser, _: Path) -> None:
    actor = at.actor(P.CODEV_MANAGE)
    meeting = sessions.see_codev_session(at.db, actor, int(at.place.ids["cancelled_codev_session"]))  # type: ignore[arg-type]
    sessions.cancel_session(at.db, actor, meeting)


def _ask_again(at: PlaceUser, _: Path) -> None:
    """Ask everyone of the group to agree to its contract again, as an entrance does."""
    at.actor(P.CODEV_MANAGE)  # the transaction reaches their college
    group = at.db.get_one(CodevGroup, int(at.place.ids["group"]))  # type: ignore[arg-type]
    group.composition += 1
    at.db.add(group)


def _record(at: PlaceUser, _: Path) -> None:
    for key in ("cancelled_codev_session", "codev_session"):
        at.place.ids["codev_record"] = _close_record(at, key)


def _close_record(at: PlaceUser, key: str) -> int:
    actor = at.actor(P.CODEV_RECORD)
    meeting = sessions.see_codev_session(at.db, actor, int(at.place.ids[key]))  # type: ignore[arg-type]
    ids: list[int] = at.place.ids["memberships"]  # type: ignore[assignment]
    entries = tuple(
        PresenceCommand(membership_id=i, status=PresenceStatus.PRESENT, minutes=180, mode=PresenceMode.ONSITE)
        for i in ids
    )
    turns = (
        TurnCommand(position=1, client_id=ids[0], status=TurnStatus.HELD),
        TurnCommand(position=2, client_id=ids[1], status=TurnStatus.CANCELLED, reason=TurnReason.ABSENCE),
    )
    record = RecordCommand(entries=entries, turns=turns)
    return records.close_record(at.db, actor, meeting, record)


# Judging and certifying -------------------------------------------------------------------------


def _judge(at: PlaceUser, _: Path) -> None:
    evidence = (EvidenceRef(kind=EvidenceKind.HAND_IN, id=int(at.place.ids["hand_in"])),)  # type: ignore[arg-type]
    command = JudgeCommand(
        competency_code="CN-01", level=2, criteria_met=("CN-01.C1",), evidence=evidence,
        comment=at.place.mark("Commentaire"),
    )  # fmt: skip
    enrolment = at.enrolment(P.JUDGEMENT_MAKE)
    shown = grading.judge(at.db, at.actor(P.JUDGEMENT_MAKE), enrolment, command)
    at.place.ids["judgement"] = shown.id
    said = DraftCommand(level=1, comment=at.place.mark("Brouillon"))
    place = DraftPlace(enrolment=enrolment, competency="CN-01", key=DraftKey())
    drafts.save_draft(at.db, at.actor(P.JUDGEMENT_MAKE), place, said, version=0)
    of: dict[str, Any] = {"college_id": at.place.college, "enrolment_id": enrolment.id, "activity_code": "GEN-6.C"}
    text = at.place.mark("Texte")  # the first attempt is one of those that the records of progress hold
    work = HandIn(**of, attempt=2, body=text, received_at=now(), received_from=enrolment.person_id)
    _add(at, work)
    actor = at.actor(P.JUDGEMENT_MAKE)
    wanted = WorkDecisionCommand(kind=WorkDecisionKind.RETURNED, text=at.place.mark("Reprise"))
    works.decide(at.db, actor, enrolment, EvidenceRef(kind=EvidenceKind.HAND_IN, id=work.id), wanted)
    given: dict[str, Any] = {"assignee_id": actor.person_id, "assigned_at": now(), "assigned_by": actor.person_id}
    assigned = WorkAssignment(**{**of, "activity_code": "GEN-2.C"}, **given)
    _add(at, assigned)
    at.place.ids["work_assignment"] = assigned.id
    opened: dict[str, Any] = {"reason": at.place.mark("Raison"), "opened_at": now(), "opened_by": actor.person_id}
    _add(at, ExtraAttempt(**{**of, "activity_code": "GEN-4.C"}, **opened))
    kept = SavedComment(
        author_id=at.world.people[at.who], title="Bien vu", search_key="bien vu", text=at.place.mark("Formule"),
        saved_at=now(),
    )  # fmt: skip
    _add(at, kept)
    at.place.ids["saved_comment"] = kept.id


def _certify(at: PlaceUser, files: Path) -> None:
    college = network.see_college(at.db, at.actor(P.CERTIFICATE_ISSUE), at.place.college)
    at.place.ids["college_slug"] = college.slug
    signs = NewSignatory(name=at.place.mark("Signe"), title="Directrice", valid_from=STARTED)
    at.place.ids["signatory"] = signatories.add_signatory(at.db, college, signs).id
    wanted = IssueCertificate(kind=CertificateKind.attestation_participation)
    actor = at.actor(P.CERTIFICATE_ISSUE)
    issued = certificates.issue(at.db, actor, at.enrolment(P.CERTIFICATE_ISSUE), wanted, site=SITE)
    at.place.ids |= {"certificate": issued.id, "code": issued.record.code}
    seen = register.see_certificate(at.db, at.actor(P.CERTIFICATE_READ), issued.id)
    documents.certificate_pdf(at.db, actor, seen, DocumentStore(FolderStore(files), SITE, RING))
    former = NewSignatory(name=at.place.mark("Signe"), title="Directeur", valid_from=STARTED)
    at.place.ids["ended_signatory"] = ended = signatories.add_signatory(at.db, college, former).id
    why = SignatoryChangeCommand(reason="Départ.")
    signatories.end_signatory(at.db, actor, SignatoryRef(id=ended, college_id=college.id), why)
    _doubt(at, issued.id, actor.person_id)
    _batches(at, issued.id)
    at.place.ids["hold"] = _hold(at, "third", HoldKind.FORMALITY, by=actor.person_id)


def _hold(at: PlaceUser, part: str, kind: HoldKind, *, by: int) -> int:
    """Hold the certificates of a part's enrolment, and return the hold's id."""
    row = Hold(
        college_id=at.place.college, person_id=at.world.people[at.place.parts[part]], enrolment_id=at.ids(part),
        kind=kind, reason=at.place.mark("Retenue"), opened_at=now(), opened_by=by,
    )  # fmt: skip
    _add(at, row)
    return row.id


def _doubt(at: PlaceUser, issued: int, by: int) -> None:
    """Add a revocation that waits for its decision, a decided one, and a certificate without any."""
    row = at.db.get_one(Certificate, issued)
    revoked: Row = {"state": CertificateState.REVOKED, "ended_on": today()}
    last = 900 + 2 * row.sequence  # two places of one college number theirs together
    gone, other = _copy(at, row, last, revoked), _copy(at, row, last + 1, {"enrolment_id": at.ids("third")})
    common: Row = {
        "college_id": at.place.college, "reason": at.place.mark("Doute"), "opened_at": now(), "opened_by": by,
        "ground": RevocationGround.CAUSE, "answer_by": STARTED,
        "answer": at.place.mark("Reponse"), "answered_at": now(),
    }  # fmt: skip
    waiting = Revocation(**common, certificate_id=issued)
    other_person = at.world.people[at.place.parts["trainer"]]
    hold = _hold(at, "owner", HoldKind.REVOCATION, by=other_person)
    decided = Revocation(
        **common, certificate_id=gone, decided_at=now(), decided_by=other_person, revoked=True, hold_id=hold
    )
    _add(at, waiting)
    _add(at, decided)
    at.place.ids |= {"revocation": waiting.id, "decided_revocation": decided.id}
    at.place.ids |= {"revoked_certificate": gone, "other_certificate": other}


def _copy(at: PlaceUser, row: Certificate, sequence: int, changes: Row) -> int:
    number, code = f"{row.number[:-4]}0{sequence}", digest(f"{at.place.name}{sequence}")[:32]
    given = {**row.model_dump(exclude={"id"}), "sequence": sequence, "number": number, "code": code, **changes}
    copied = Certificate(**{**given, "record": {**row.record, "number": number, "code": code}})
    _add(at, copied)
    return copied.id


def _batches(at: PlaceUser, certificate_id: int) -> None:
    """Add a batch that issued the certificate, and one that stopped before another."""
    for key, part, outcome in (
        ("batch", "owner", {"certificate_id": certificate_id}),
        ("stopped_batch", "peer", {"refusal": [{"code": FAILED}]}),
    ):
        by = at.actor(P.CERTIFICATE_ISSUE).person_id
        batch = Batch(college_id=at.place.college, decided_by=by, decided_at=now(), finished_at=now())
        _add(at, batch)
        place: Row = {"college_id": at.place.college, "batch_id": batch.id, "enrolment_id": at.ids(part)}
        _add(at, BatchItem(**place, kind=CertificateKind.attestation_participation, **outcome))
        at.place.ids[key] = batch.id


def _account(at: PlaceUser, _: Path) -> None:
    """Add another sign-in, an API token, and an identity at the college's sign-in service."""
    person = at.world.people[at.who]
    set_actor(at.db, colleges=[at.place.college], person=person)
    # Another coordinator than those who decide; the one whose second factor is missing, in the actors' own college.
    proposer = "pending" if at.place.name == "alma" else at.place.parts["coordinator"]
    reopening = EnrolmentProposal(
        college_id=at.place.college, enrolment_id=at.ids("owner"), to_state=EnrolmentState.COMPLETED,
        reason=at.place.mark("Proposition"), proposed_at=now(), proposed_by=at.world.people[proposer],
    )  # fmt: skip
    _add(at, reopening)
    at.place.ids["enrolment_proposal"] = reopening.id
    given = RoleProposal(
        college_id=at.place.college, person_id=person, role=Role.REGISTRAR, proposed_at=now(),
        proposed_by=at.world.people[at.place.parts["registrar"]],
    )  # fmt: skip
    allow(at.db, Right.ROLES)
    _add(at, given)
    at.place.ids["role_proposal"] = given.id
    where: Row = {"college_id": at.place.college, "address": "1, rue du Lac", "city": "Alma", "created_at": now()}
    where |= {"timezone": "America/Toronto", "accessibility": None}
    room, gone = at.place.mark("Salle"), at.place.mark("Ancienne")
    venue = Venue(**where, name=room, search_key=search_key(room))
    retired = Venue(**where, name=gone, search_key=search_key(gone), retired_at=now())
    for place in (venue, retired):
        _add(at, place)
    at.place.ids |= {"venue": venue.id, "retired_venue": retired.id}
    staff: Row = {"college_id": at.place.college, "person_id": at.world.people[at.place.parts["loose2"]]}
    held = RoleGrantRow(**staff, role=Role.TRAINER, granted_at=now())
    ended = RoleGrantRow(**staff, role=Role.FACILITATOR, granted_at=now(), ended_at=now())
    in_team = RoleGrantRow(**staff, cohort_id=at.place.cohort, role=Role.TRAINER, granted_at=now())
    for given_role in (held, ended, in_team):
        _add(at, given_role)
    at.place.ids |= {"staff_role": held.id, "ended_role": ended.id, "team_role": in_team.id}
    account = at.db.exec(select(Account.id).where(Account.person_id == person)).one()
    create_sign_in(at.db, account, kind=SignInKind.COOKIE, hours=1)  # their credentials stay within reach
    device = at.db.exec(select(SignIn.id).where(SignIn.account_id == account)).one()
    key = ApiToken(
        account_id=account, name=at.place.mark("Jeton"), token_hash=at.place.name, permissions=["me:read"],
        created_at=now(), expires_at=now() + timedelta(hours=1),
    )  # fmt: skip
    provider = OidcProvider(
        college_id=at.place.college, issuer=SILENT, client_id=at.place.name, client_secret_sealed="rien",
        label=at.place.name, created_at=now(),
    )  # fmt: skip
    identity = OidcIdentity(account_id=account, issuer=SILENT, subject=at.place.mark("Sujet"), linked_at=now())
    common: Row = {"college_id": at.place.college, "created_at": now(), "created_by": person, "expires_at": SOON}
    letter = Invitation(
        **common, email=f"{at.place.mark('Lettre').lower()}@escouade.example.com",
        token_hash=digest(at.place.mark("Invitation")),
    )  # fmt: skip
    own = Invitation(**common, email=at.world.emails[at.who], token_hash=digest(at.place.mark("Acceptation")))
    reset = PasswordReset(
        account_id=account, token_hash=digest(at.place.mark("Oubli")), created_at=now(), expires_at=SOON
    )
    change = AddressChange(
        account_id=account, email=f"{at.place.mark('Adresse').lower()}@escouade.example.com",
        token_hash=digest(at.place.mark("Adresse")), created_at=now(), expires_at=SOON,
    )  # fmt: skip
    set_actor(at.db, colleges=[at.place.college], person=person)
    allow(at.db, Right.INVITATIONS)
    for row in (key, provider, identity, letter, own, reset, change):
        _add(at, row)
    at.place.ids |= {
        "invitation": letter.id, "letter": at.place.mark("Invitation"), "own_letter": at.place.mark("Acceptation"),
        "reset": at.place.mark("Oubli"), "new_address": at.place.mark("Adresse"), "address": letter.email,
    }  # fmt: skip
    secret = at.place.mark("Agenda")
    feed = CalendarFeed(person_id=person, secret_hash=digest(secret), created_at=now())
    _add(at, feed)
    at.place.ids |= {"calendar_feed": feed.id, "feed_secret": secret}
    at.place.ids |= {
        "sign_in": device, "api_token": key.id, "provider": provider.id, "identity": identity.id,
    }  # fmt: skip


def _operated(at: PlaceUser, _: Path) -> None:
    """Add a letter that waits for another try, a job that was tried too often, and a message."""
    told = Event(
        Kind.CERTIFICATE_ISSUED, "essai", [at.world.people[at.who]], "/attestations",
        {"cohort": at.place.mark("Message"), "certificate_kind": "attestation_participation"}, at.place.college,
    )  # fmt: skip
    set_actor(at.db, colleges=[at.place.college], person=at.world.people[at.who])
    notify(at.db, told)
    at.place.ids["message"] = at.db.execute(sa.select(sa.func.max(col(Notification.id)))).scalar_one()
    letter = enqueue(at.db, at.world.emails[at.who], "password_changed", at.world.people[at.who])
    at.place.ids |= {"outgoing": letter.id, "failed_job": fail_job(at.db.database)}


def _wait(at: PlaceUser, _: Path) -> None:
    """Add a full cohort to come, where the owner is offered the seat and the applicant waits."""
    at.actor(P.COHORT_MANAGE)
    model = at.db.get_one(Cohort, at.place.cohort)
    copied = model.model_dump(exclude={"id", "code", "seated", "search_key"})
    copied |= {"capacity": 1, "curriculum_slug": "specialise", "applications_open": False}
    cohort = Cohort(**copied, code=f"{model.code}-B")
    _add(at, cohort)
    where: Row = {
        "college_id": at.place.college, "cohort_id": cohort.id, "curriculum_slug": cohort.curriculum_slug,
        "curriculum_version": cohort.curriculum_version,
    }  # fmt: skip
    for name, part, state in (
        ("offered", "owner", EnrolmentState.OFFERED), ("waiting", "applicant", EnrolmentState.WAITLISTED),
    ):  # fmt: skip
        row = Enrolment(**where, person_id=at.world.people[at.place.parts[part]], state=state)
        _add(at, row)
        sent: Row = {"college_id": at.place.college, "enrolment_id": row.id}
        motive = at.place.mark("Motif") if name == "waiting" else "Apprendre."
        _add(at, Application(**sent, motive=motive, received_at=now()))
        if state is EnrolmentState.OFFERED:
            _add(at, SeatOffer(**sent, offered_at=now(), expires_at=now() + timedelta(days=3)))
        at.place.ids[name] = row.id
    at.place.ids["waitlist_cohort"] = cohort.id


def _announce(at: PlaceUser, _: Path) -> None:
    """Add an announcement to the cohort."""
    at.actor(P.COHORT_MANAGE)
    row = Announcement(
        college_id=at.place.college, cohort_id=at.place.cohort, subject="Stationnement", reaches=1,
        text=at.place.mark("Annonce"), sent_at=now(), sent_by=at.world.people[at.who],
    )  # fmt: skip
    _add(at, row)
    at.place.ids["announcement"] = row.id


def _read_previews(at: PlaceUser, _: Path) -> None:
    """Read what a change of the cohort, a departure and a series would do: their marks confirm it."""
    cohort = at.cohort(P.COHORT_MANAGE)
    role = see_staff_role(at.db, at.actor(P.COHORT_MANAGE), int(at.place.ids["team_role"]))  # type: ignore[arg-type]
    draft = cohorts.see_cohort(at.db, at.actor(P.SESSION_MANAGE), int(at.place.ids["draft_cohort"]))  # type: ignore[arg-type]
    series_asked = NewSeries.model_validate({**SERIES, "venue_id": at.place.ids["venue"]})
    at.place.ids |= {
        "change_shown": cohort_change.preview(at.db, cohort, CohortChange.model_validate(SETTINGS)).shown,
        "departure_shown": cohort_team.preview_departure(at.db, cohort, role).shown,
        "move_shown": lifecycle.preview(at.db, at.actor(P.COHORT_MANAGE), draft, CohortState.OPEN).shown,
        "series_shown": series.preview(at.db, at.actor(P.SESSION_MANAGE), draft, series_asked).shown,
    }


def _directory(at: PlaceUser, _: Path) -> None:
    """Add two entries of the directory, one of them out of use."""
    at.actor(P.RESOURCE_MANAGE)
    entry: Row = {
        "college_id": at.place.college, "version": 1, "kind": ResourceKind.ORGANISATION, "search_key": "centre d essai",
        "search_text": "centre d essai essayer", "verb": "essayer", "summary": "Essaie une technologie.",
        "regions": ["02"], "needs": ["essai-de-technologie"], "website": "https://organisme.example",
        "verified_at": now(), "verified_by": at.world.people[at.who],
    }  # fmt: skip
    used, gone = Resource(**entry, name="Centre d’essai"), Resource(**entry, name="Ancien centre", retired_at=now())
    for row in (used, gone):
        _add(at, row)
    done: Row = {"done_at": now(), "done_by": at.world.people[at.who]}
    before = {"name": at.place.mark("Repertoire")}
    _add(
        at,
        ResourceChange(
            college_id=at.place.college, resource_id=used.id, act=ResourceAct.CHANGED, before=before, **done
        ),
    )
    at.place.ids |= {"resource": used.id, "retired_resource": gone.id}


def _correct(at: PlaceUser, _: Path) -> None:
    """Propose a correction to an entry."""
    at.actor(P.RESOURCE_PROPOSE)
    where: Row = {"college_id": at.place.college, "resource_id": at.place.ids["resource"]}
    where |= {"about": CorrectionAbout.PHONE, "value": "418 555-0199", "because": at.place.mark("Correction")}
    row = Correction(**where, person_id=at.world.people[at.who], proposed_at=now())
    _add(at, row)
    at.place.ids["correction"] = row.id


REVIEWERS = {"alma": "far_trainer", "far": "trainer", "rouyn": "dual"}
"""A trainer of the college of each place, who may review what its own trainer judged."""


def _panels(at: PlaceUser, _: Path) -> None:
    """Contest two judgements: one review has no assessor yet, the other one has."""
    at.actor(P.PANEL_MANAGE)
    owner, trainer = (at.world.people[at.place.parts[part]] for part in ("owner", "trainer"))
    reviewer = at.world.people[REVIEWERS[at.place.name]]
    at.place.ids["reviewer_person"] = reviewer
    for kind, code in (("panel", "CN-02"), ("seated_panel", "CN-03")):
        # No list offers the trainer of alma to take a review: the cell of theirs is of alma, which they judged.
        assessor = reviewer if (at.place.name, kind) == ("far", "panel") else trainer
        judged = Judgement(
            college_id=at.place.college, enrolment_id=at.ids("owner"), competency_code=code, level=1,
            criteria_met=[f"{code}.C1"], validated_at=now(), assessor_id=assessor,
        )  # fmt: skip
        _add(at, judged)
        work: Row = {"hand_in_id": at.place.ids["file_hand_in"]}
        _add(at, JudgementEvidence(college_id=at.place.college, judgement_id=judged.id, **work))
        row = Panel(
            college_id=at.place.college, enrolment_id=at.ids("owner"), competency_code=code, kind=PanelKind.REVIEW,
            judgement_id=judged.id, hold_id=_hold(at, "owner", HoldKind.REVIEW, by=owner), evidence=[],
            motive=at.place.mark("Demande"), opened_at=now(), opened_by=owner, due_on=today(),
        )  # fmt: skip
        _add(at, row)
        at.place.ids[kind] = row.id
    seat: Row = {"college_id": at.place.college, "panel_id": at.place.ids["seated_panel"], "assessor_id": reviewer}
    _add(at, PanelSeat(**seat, named_at=now(), named_by=at.world.people[at.who]))


CLAIMED = (
    ("prior_claim", "CN-09", ()),
    ("named_claim", "CN-02", (StepKind.NAMED,)),
    ("judged_claim", "CN-03", (StepKind.NAMED, StepKind.JUDGED)),
    ("refused_claim", "CN-12", (StepKind.NAMED, StepKind.JUDGED, StepKind.REFUSED)),
)
"""Claims of the owner of each place, by kind: their competency and their steps."""

SPECIALISTS = {"alma": "trainer", "far": "far_trainer", "rouyn": "dual"}
"""A trainer of the college of each place, who judges its claims."""


def _recognition(at: PlaceUser, files: Path) -> None:
    """Claim what the owner knew before: one claim without a step, one to judge, one to decide, one refused."""
    at.actor(P.RECOGNITION_DECIDE)
    specialist, registrar = at.world.people[SPECIALISTS[at.place.name]], at.world.people[at.who]
    common: Row = {"college_id": at.place.college, "enrolment_id": at.ids("owner")}
    content = PDF + at.place.mark("Acquis").encode()
    piece = PriorLearningPiece(
        **common, title=at.place.mark("Acquis"), file_name="carte.pdf", file_type="application/pdf",
        file_size=len(content), file_sha256=digest_of_file(content), deposited_at=now(),
    )  # fmt: skip
    FolderStore(files).store(content)
    _add(at, piece)
    at.place.ids |= {"prior_piece": piece.id, "specialist_person": specialist}
    for kind, code, steps in CLAIMED:
        claim = PriorLearningClaim(
            **common, competency_code=code, level=1, statement=at.place.mark("Acquis"), pieces=[piece.id],
            state=ClaimState(steps[-1]) if steps else ClaimState.RECEIVED,
            specialist_id=specialist if StepKind.NAMED in steps else None, claimed_at=now(),
        )  # fmt: skip
        _add(at, claim)
        at.place.ids[kind] = claim.id
        for step in steps:
            named = step is StepKind.NAMED
            row = PriorLearningStep(
                **common, claim_id=claim.id, round=1, kind=step, specialist_id=specialist if named else None,
                level=1 if step is StepKind.JUDGED else None, reason=None if named else at.place.mark("Acquis"),
                recorded_at=now(), recorded_by=specialist if step is StepKind.JUDGED else registrar,
            )  # fmt: skip
            _add(at, row)


def _transfer(at: PlaceUser, _: Path) -> None:
    """Add a transfer of the owner that awaits their consent, and one of the peer within the college, to decide."""
    here = at.cohort(P.COHORT_READ)
    other = at.world.cohort if at.place.name == "rouyn" else at.world.other_cohort
    away = at.world.alma if at.place.name == "rouyn" else at.world.rouyn
    draft = int(at.place.ids["draft_cohort"])  # type: ignore[arg-type]
    for kind, part, college, cohort, state in (
        ("transfer", "owner", away, other, TransferState.AWAITING_CONSENT),
        ("received_transfer", "peer", at.place.college, draft, TransferState.AWAITING_DECISION),
    ):
        person = at.enrolment(P.ENROLMENT_READ, part).person_id
        row = Transfer(
            college_id=at.place.college, enrolment_id=at.ids(part), person_id=person,
            curriculum_slug=here.curriculum_slug, from_version=here.curriculum_version, from_title="Ici",
            to_college_id=college, to_cohort_id=cohort, to_version=here.curriculum_version, to_title="Ailleurs",
            reason=at.place.mark("Transfert"), state=state, proposed_at=now(),
            proposed_by=at.actor(P.ENROLMENT_READ).person_id,
        )  # fmt: skip
        _add(at, row)
        at.place.ids[kind] = row.id
    at.place.ids["next_cohort"] = other


STEPS = (
    (_draft, "coordinator"),
    (_calendar, "coordinator"),
    (_path, "coordinator"),
    (_transfer, "coordinator"),
    (_mandate, "owner"),
    (_hand_in, "owner"),
    (_upload, "owner"),
    (_document, "trainer"),
    (_profile, "coordinator"),
    (_countersign, "coordinator"),
    (_group, "coordinator"),
    (_record, "facilitator"),
    (_sheet, "third"),
    (_learning, "third"),
    (_rating, "third"),
    (_own, "owner"),
    (_cancel_codev, "coordinator"),
    (_ask_again, "coordinator"),
    (_judge, "trainer"),
    (_certify, "registrar"),
    (_panels, "coordinator"),
    (_recognition, "registrar"),
    (_account, "owner"),
    (_operated, "owner"),
    (_wait, "coordinator"),
    (_announce, "coordinator"),
    (_read_previews, "coordinator"),
    (_directory, "coordinator"),
    (_correct, "owner"),
)
"""The steps, each in a transaction of the person who does it; progress is computed at its end."""
