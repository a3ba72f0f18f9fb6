"""Service of field hours: declared within the plan, countersigned by someone else, superseded with a reason."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from app.accompaniment.field_hours.schemas import CountersignCommand, HoursState
from app.accompaniment.field_hours.service import (
    countersign_all,
    hours_of,
    hours_to_countersign,
    hours_under,
    see_hours,
)
from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.schemas import NewMandate
from app.cohorts.enrolments.service import see_enrolment
from app.cohorts.enums import EnrolmentState
from app.curricula.enums import MandateKind
from app.identity.roles.service import grant_role
from app.network.service import see_college
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Invalid, NotFound
from app.platform.security.permissions import P, Role
from app.progress.schemas import State
from tests.factories import interests
from tests.factories.accompaniment import new_enterprise, open_mandate
from tests.factories.activities import activity_progress, complete_prerequisites, refusal, row_counts, set_state
from tests.factories.field_hours import decide, declare
from tests.factories.network import World, acting


def test_hours_count_once_accepted_until_a_refusal_supersedes(database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    hours, is_new = declare(database, world, 180, note="Visite de l’atelier")
    assert (hours.state, hours.note, is_new) == (HoursState.PENDING, "Visite de l’atelier", True)
    assert activity_progress(database, world, "GEN-8.A").state is State.WAITING
    accepted = decide(database, world, hours, accepted=True)
    assert (accepted.state, accepted.decided_by) == (HoursState.ACCEPTED, "Corinne Coordination")
    assert activity_progress(database, world, "GEN-8.A").recognised_minutes == 180
    refused = decide(
        database, world, hours, accepted=False, reason="Autre entreprise", supersedes=accepted.countersignature_id
    )
    assert (refused.state, refused.reason) == (HoursState.REFUSED, "Autre entreprise")
    assert activity_progress(database, world, "GEN-8.A").recognised_minutes == 0
    assert row_counts(database, world)["countersignature"] == 2


def test_same_declaration_sent_again_is_the_first_one_unless_refused(database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    first, _ = declare(database, world, 60)
    assert declare(database, world, 60) == (first, False)
    decide(database, world, first, accepted=False, reason="À préciser")
    again, is_new = declare(database, world, 60)
    assert is_new
    assert again.id != first.id


def test_declared_hours_never_exceed_the_plan(database: Database, world: World) -> None:
    """BR-06: pending hours count; refused ones do not."""
    complete_prerequisites(database, world)
    first, _ = declare(database, world, 120)
    assert refusal(lambda: declare(database, world, 61)) == ("invalid", ["hours_above_plan"])
    refused = decide(database, world, first, accepted=False, reason="Doublon")
    declare(database, world, 180)
    revised = {"accepted": True, "reason": "Erreur", "supersedes": refused.countersignature_id}
    assert refusal(lambda: decide(database, world, first, **revised)) == ("invalid", ["hours_above_plan"])  # type: ignore[arg-type]


def test_eight_declarations_at_once_stay_within_the_plan(database: Database, world: World) -> None:
    complete_prerequisites(database, world)

    def send(n: int) -> int:
        try:
            return declare(database, world, 60, note=f"jour {n}")[0].minutes
        except Invalid:
            return 0

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(8))) == 180


def test_hours_name_a_mandate_of_their_enrolment_and_of_no_other(database: Database, world: World) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    before, _ = declare(database, world, 30)
    assert (before.mandate_id, before.enterprise) == (None, None)
    own = open_mandate(database, world)
    others = open_mandate(database, world, "karim", enterprise=new_enterprise("Érablière", None))
    assert refusal(lambda: declare(database, world, 30, note="Suite")) == ("invalid", ["mandate_needed"])
    assert refusal(lambda: declare(database, world, 30, mandate=others.id)) == ("invalid", ["unknown_mandate"])
    named, is_new = declare(database, world, 30, mandate=own.id)
    assert (is_new, named.mandate_title, named.enterprise) == (True, "Boutique en ligne", "Scierie du Lac")
    assert declare(database, world, 30, mandate=own.id) == (named, False)


def test_hours_under_a_mandate_are_those_of_the_advisors_whom_the_reader_reaches(
    database: Database, world: World
) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.MANDATE_MANAGE)
        both = [see_enrolment(db, actor, world.enrolments[who]) for who in ("maude", "karim")]
        command = NewMandate(kind=MandateKind.orientation, title="À deux", enterprise=new_enterprise())
        mandate = mandates.open_mandate(db, actor, both, command)
    for who in ("maude", "karim"):
        declare(database, world, 60, who=who, mandate=mandate.id)
    shown = {}
    for who in ("maude", "karim", "trainer", "coordinator"):
        with database.transaction() as db:
            actor = acting(db, world, who, P.EVIDENCE_READ)
            ref = mandates.see_mandate(db, actor, mandate.id)
            shown[who] = [hours.person_id for hours in hours_under(db, actor, ref)]
    maude, karim = world.people["maude"], world.people["karim"]
    assert shown == {"maude": [maude], "karim": [karim], "trainer": [maude, karim], "coordinator": [maude, karim]}


def test_declare_hours_for_a_locked_activity_is_refused(database: Database, world: World) -> None:
    assert refusal(lambda: declare(database, world, 60)) == ("invalid", ["activity_locked"])


def test_countersign_after_another_decision_is_stale(database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    hours, _ = declare(database, world, 60)
    decide(database, world, hours, accepted=True)
    assert refusal(lambda: decide(database, world, hours, accepted=True)) == ("stale", ["countersignature_stale"])
    assert refusal(lambda: decide(database, world, hours, accepted=False, supersedes=999))[0] == "stale"
    assert row_counts(database, world)["countersignature"] == 1


def test_nobody_countersigns_their_own_hours(database: Database, world: World) -> None:
    """Small colleges: someone coordinates and follows a path."""
    complete_prerequisites(database, world)
    hours, _ = declare(database, world, 60)
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["maude"], Role.COORDINATOR, college_id=world.alma)
    assert refusal(lambda: decide(database, world, hours, accepted=True, who="maude")) == ("invalid", ["own_hours"])


def test_who_declared_an_interest_in_a_person_decides_on_none_of_their_hours(database: Database, world: World) -> None:
    """Small colleges: someone coordinates and trains."""
    complete_prerequisites(database, world)
    hours, _ = declare(database, world, 60)
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["trainer"], Role.COORDINATOR, college_id=world.alma)
    interests.declare_maude(database, world)
    asked = refusal(lambda: decide(database, world, hours, accepted=True, who="trainer"))
    assert asked == ("invalid", ["interest_in_hours"])
    decide(database, world, hours, accepted=True)


def test_hours_may_be_decided_after_the_enrolment_ended(database: Database, world: World) -> None:
    complete_prerequisites(database, world)
    hours, _ = declare(database, world, 60)
    set_state(database, world, EnrolmentState.WITHDRAWN)
    assert decide(database, world, hours, accepted=True).state is HoursState.ACCEPTED


def test_countersign_all_decides_all_or_none(database: Database, world: World) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    hours = [declare(database, world, 60, who=who)[0] for who in ("karim", "maude")]
    decide(database, world, hours[1], accepted=True)
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.HOURS_COUNTERSIGN)
        with pytest.raises(Conflict):
            countersign_all(db, actor, hours, CountersignCommand(accepted=True))
        db.rollback()
    assert row_counts(database, world)["countersignature"] == 1
    more = declare(database, world, 120)[0]
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.HOURS_COUNTERSIGN)
        decided = countersign_all(db, actor, [hours[0], more], CountersignCommand(accepted=True))
    assert {h.state for h in decided} == {HoursState.ACCEPTED}


def test_hours_to_countersign_are_oldest_first_and_of_the_actors_college(database: Database, world: World) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    ids = [
        declare(database, world, minutes, who=who)[0].id
        for who, minutes in (("karim", 60), ("maude", 30), ("karim", 90))
    ]
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.HOURS_COUNTERSIGN)
        college = see_college(db, actor, world.alma)
        assert [h.id for h in hours_to_countersign(db, actor, college).items] == ids
        first = hours_to_countersign(db, actor, college, limit=2)
        rest = hours_to_countersign(db, actor, college, after=first.next, limit=2)
        assert ([h.id for h in (*first.items, *rest.items)], first.next, rest.next) == (ids, ids[1], None)
        with pytest.raises(NotFound):
            hours_to_countersign(db, actor, see_college(db, actor, world.rouyn))
    with database.transaction() as db:
        actor = acting(db, world, "other_coordinator", P.HOURS_COUNTERSIGN)
        assert hours_to_countersign(db, actor, see_college(db, actor, world.rouyn)).items == ()
        with pytest.raises(NotFound):
            see_hours(db, actor, ids[0])


def test_hours_of_an_enrolment_leave_out_those_of_others(database: Database, world: World) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    declared, _ = declare(database, world, 60)
    declare(database, world, 90, who="karim")
    with database.transaction() as db:
        actor = acting(db, world, "maude", P.EVIDENCE_READ)
        assert hours_of(db, see_enrolment(db, actor, world.enrolments["maude"])) == [declared]
