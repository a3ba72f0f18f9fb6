"""What people are told, by what happens to them: once, and only those whom it concerns."""

from datetime import UTC, datetime, time, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.accompaniment.field_hours.schemas import CountersignCommand, HoursCommand
from app.accompaniment.field_hours.service import countersign, declare_hours, see_hours
from app.attendance.calendar import restorations
from app.attendance.calendar import service as calendar
from app.attendance.calendar.schemas import CancelCommand, NewSession, RestoreCommand
from app.certificates.issuing import service as certificates
from app.certificates.issuing.schemas import IssueCertificate
from app.cohorts import service as cohorts
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.enums import CohortState, EnrolmentState
from app.identity.roles.service import grant_role
from app.network.enums import CertificateKind
from app.notifications import service as notifications
from app.notifications.schemas import NotificationsApiQuery
from app.platform.clock import at
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.permissions import P, Role
from tests.factories import eligible
from tests.factories.activities import complete_prerequisites
from tests.factories.calendars import carried, letters_to
from tests.factories.codev import create_group, plan_session
from tests.factories.cohorts import applied, meeting, move, set_state
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.network import PARTICIPANTS, World, acting, as_
from tests.factories.notifications import forget_messages, inbox

AWAY = ("nobody", "other_participant", "other_trainer", "registrar", "admin")


def session_to_come(database: Database, world: World) -> int:
    """Return a session of tomorrow."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        cohort = cohorts.see_cohort(db, actor, world.cohort)
        starts_at = datetime.combine(today() + timedelta(days=1), time(18), UTC)
        return calendar.schedule(db, actor, cohort, NewSession(activity_code="GEN-1.B", starts_at=starts_at)).id


def cancel(database: Database, world: World, session_id: int) -> None:
    """Have the coordinator cancel a session."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        session = calendar.see_session(db, actor, session_id)
        calendar.cancel(db, actor, session, CancelCommand(reason="Tempête de neige."))


def test_session_added_once_the_cohort_has_begun_is_told_to_who_takes_part(database: Database, world: World) -> None:
    forget_messages(database)
    set_state(database, world, CohortState.OPEN)
    session_to_come(database, world)
    assert inbox(database, world, "maude") == [], "before the start, calendars say it"
    set_state(database, world, CohortState.RUNNING)
    meeting(database, world, code="GEN-2.B")
    assert inbox(database, world, "maude") == [], "a session of the past is recorded, not announced"
    meeting(database, world, days=40, code="GEN-3.B")
    for who in (*PARTICIPANTS, "trainer"):
        [title] = inbox(database, world, who)
        assert title.startswith("Séance ajoutée : ")
    assert [inbox(database, world, who) for who in (*AWAY, "facilitator", "coordinator")] == [[]] * (len(AWAY) + 2)


def test_session_added_to_a_group_is_told_to_the_group_alone_without_its_name(
    database: Database, world: World, settings: Settings
) -> None:
    group = create_group(database, world)
    forget_messages(database)
    plan_session(database, world, group.id, at=datetime.combine(today() + timedelta(days=20), time(18), UTC))
    for who in (*PARTICIPANTS, "facilitator"):
        [title] = inbox(database, world, who)
        assert title.startswith("Séance de codéveloppement ajoutée : ")
    assert [inbox(database, world, who) for who in (*AWAY, "trainer", "coordinator")] == [[]] * (len(AWAY) + 2)
    with at(datetime.combine(today() + timedelta(days=1), time(16), UTC)):
        [letter] = letters_to(database, settings, world.emails["maude"])
    assert str(carried(letter)["summary"]).startswith("Codéveloppement")
    assert group.name not in letter.as_string()


def test_an_admission_and_the_start_of_the_training_are_told(database: Database, world: World) -> None:
    assert inbox(database, world, "maude") == [
        "Votre formation commence : Généraliste GEN-ALM-1",
        "Votre candidature est acceptée : Généraliste GEN-ALM-1",
    ]


def test_a_refusal_and_a_leave_are_told_to_their_person_alone(database: Database, world: World) -> None:
    forget_messages(database)
    move(database, world, applied(database, world), EnrolmentState.REFUSED, reason="Groupe complet.")
    assert inbox(database, world, "nobody") == ["Réponse à votre candidature : Généraliste GEN-ALM-1"]
    move(database, world, world.enrolments["karim"], EnrolmentState.ON_LEAVE, reason="Congé.")
    assert inbox(database, world, "karim") == ["Votre inscription a changé : Généraliste GEN-ALM-1"]
    assert inbox(database, world, "maude") == []


def test_a_session_cancelled_then_restored_is_told_to_the_cohort_and_its_staff(
    database: Database, world: World
) -> None:
    session = session_to_come(database, world)
    forget_messages(database)
    cancel(database, world, session)
    for who in (*PARTICIPANTS, "trainer"):
        [title] = inbox(database, world, who)
        assert title.startswith("Séance annulée : ")
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.SESSION_MANAGE)
        ref = calendar.see_session(db, actor, session)
        restorations.restore(db, actor, ref, RestoreCommand(reason="La route est ouverte."))
    cancel(database, world, session)
    for who in (*PARTICIPANTS, "trainer"):
        assert [title.split(" : ")[0] for title in inbox(database, world, who)] == [
            "Séance annulée", "Séance rétablie", "Séance annulée",
        ]  # fmt: skip
    for who in (*AWAY, "coordinator"):
        assert inbox(database, world, who) == []


def test_a_session_of_the_past_is_cancelled_without_a_message(database: Database, world: World) -> None:
    forget_messages(database)
    cancel(database, world, meeting(database, world))
    assert inbox(database, world, "maude") == []


def test_someone_on_leave_is_not_told_of_sessions(database: Database, world: World) -> None:
    move(database, world, world.enrolments["karim"], EnrolmentState.ON_LEAVE, reason="Congé.")
    session = session_to_come(database, world)
    forget_messages(database)
    cancel(database, world, session)
    assert inbox(database, world, "karim") == []
    assert len(inbox(database, world, "elise")) == 1


def test_the_reason_of_a_cancellation_is_read_on_the_page_and_is_in_no_message(
    database: Database, world: World
) -> None:
    session = session_to_come(database, world)
    forget_messages(database)
    cancel(database, world, session)
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.SESSION_READ)
        assert calendar.see_session(db, actor, session).cancel_reason == "Tempête de neige."
        [message] = notifications.notifications_of(db, actor, NotificationsApiQuery()).items
    assert message.page == f"/seances/{session}"
    with database.engine.begin() as owner:
        params = owner.execute(text("select string_agg(params::text, '') from notification")).scalar_one()
    assert "neige" not in message.body + params


def test_someone_who_completed_is_told_of_sessions_whose_roll_they_are_on(database: Database, world: World) -> None:
    eligible.attend(database, world, "maude")
    move(database, world, world.enrolments["maude"], EnrolmentState.COMPLETED)
    session = session_to_come(database, world)
    forget_messages(database)
    cancel(database, world, session)
    assert len(inbox(database, world, "maude")) == 1


def test_whoever_is_told_of_a_session_may_open_its_page(client: TestClient, database: Database, world: World) -> None:
    grant = {"college_id": world.alma, "cohort_id": world.cohort}
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["facilitator"], Role.FACILITATOR, **grant)
    session = session_to_come(database, world)
    forget_messages(database)
    cancel(database, world, session)
    told = {who for who in world.people if inbox(database, world, who)}
    assert told == {*PARTICIPANTS, "trainer"}
    for who in told:
        assert as_(client, database, world, who).get(f"/seances/{session}").status_code == 200


def test_a_judgement_is_told_without_its_level(database: Database, world: World) -> None:
    forget_messages(database)
    evidence = hand_in(database, world)
    judge(database, world, judge_command(evidence))
    [title] = inbox(database, world, "maude")
    assert title.startswith("Compétence évaluée : ")
    assert inbox(database, world, "karim") == []


@pytest.mark.parametrize("accepted", [True, False])
def test_refused_hours_are_told_and_accepted_ones_are_not(database: Database, world: World, accepted: bool) -> None:
    complete_prerequisites(database, world)
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.ACTIVITY_DO)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        command = HoursCommand(activity_code="GEN-8.A", minutes=90, worked_on=today())
        hours, _ = declare_hours(db, actor, enrolment, command)
    forget_messages(database)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.HOURS_COUNTERSIGN)
        reason = None if accepted else "Jour férié."
        countersign(db, actor, see_hours(db, actor, hours.id), CountersignCommand(accepted=accepted, reason=reason))
    told = inbox(database, world, "maude")
    assert [title.split(",")[0] for title in told] == ([] if accepted else ["Heures refusées : 1"])


def test_a_certificate_is_told_to_its_holder(database: Database, world: World) -> None:
    eligible.sign(database, world)
    eligible.achieve(database, world, "maude")
    forget_messages(database)
    with database.transaction() as db:
        actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        kind = CertificateKind.attestation_participation
        certificates.issue(db, actor, enrolment, IssueCertificate(kind=kind), site="http://testserver")
    assert inbox(database, world, "maude") == ["Votre attestation est prête : Attestation de participation"]
