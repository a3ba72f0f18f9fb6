"""Hours in the field: judged by the mandate and the hand-ins of their module, and read beside the mandate."""

import pytest
from fastapi.testclient import TestClient

from app.accompaniment.mandates import service as mandates
from app.accompaniment.mandates.schemas import NewMandate
from app.cohorts.enrolments.service import see_enrolment
from app.curricula.enums import ActivityType, MandateKind
from app.curricula.library import default_library
from app.curricula.schemas import Curriculum
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_of
from app.grading.rules import assessed_by
from app.grading.schemas import EvidenceRef
from app.grading.works.rules import competencies_of
from app.platform.database.transaction import Database
from app.platform.messages.i18n import NBSP
from app.platform.security.permissions import P
from tests.factories.accompaniment import new_enterprise
from tests.factories.activities import complete_prerequisites
from tests.factories.field_hours import decide, declare
from tests.factories.network import World, acting, as_

LIBRARY = default_library()
ACCEPTED = f"heures acceptées en entreprise{NBSP}: 1,5{NBSP}h"
CURRICULA = [pytest.param(c, id=f"{c.slug}-{c.version}") for c in LIBRARY.curricula.values()]
FIELD = [
    pytest.param(curriculum, activity.code, id=activity.code)
    for curriculum in LIBRARY.curricula.values()
    for activity in curriculum.activities
    if activity.type is ActivityType.field_mandate
]


def judged_on(curriculum: Curriculum, code: str) -> set[str]:
    """Return what waits in the queue for the works of an activity: a hand-in, a session, a mandate of field work."""
    kinds = {EvidenceKind.HAND_IN, EvidenceKind.SESSION}
    if curriculum.activity(code).type is ActivityType.field_mandate:
        kinds = {EvidenceKind.MANDATE}
    return {competency for kind in kinds for competency in competencies_of(curriculum, kind, code)}


@pytest.mark.parametrize("curriculum", CURRICULA)
def test_all_that_a_module_assesses_is_judged_on_its_hand_ins_sessions_or_mandates(curriculum: Curriculum) -> None:
    """So hours in the field need no place of their own in the queue."""
    for module in curriculum.modules:
        held = {competency for activity in module.activities for competency in judged_on(curriculum, activity.code)}
        assert {target.competency for target in module.assesses} <= held, module.code


@pytest.mark.parametrize(("curriculum", "code"), FIELD)
def test_field_activity_leaves_a_trace_and_a_mandate_which_show_what_it_assesses(
    curriculum: Curriculum, code: str
) -> None:
    targets = {target.competency for target in curriculum.module_of(code).assesses}
    assert LIBRARY.takes_trace(curriculum, code)
    assert targets
    assert targets <= set(assessed_by(curriculum, EvidenceKind.HAND_IN, code))
    assert targets <= set(assessed_by(curriculum, EvidenceKind.MANDATE, None))


@pytest.mark.parametrize("curriculum", CURRICULA)
def test_certificate_of_levels_asks_for_mandates_besides_hours_in_the_field(curriculum: Curriculum) -> None:
    """So a module of mandates alone, which hands nothing in to be judged, is not finished by its hours."""
    asked = [rule.mandates for rule in curriculum.certificates if rule.thresholds]
    assert asked
    assert None not in asked


def mandate_of_two(database: Database, world: World) -> EvidenceRef:
    """Open a mandate of Maude and Karim."""
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.MANDATE_MANAGE)
        both = [see_enrolment(db, actor, world.enrolments[who]) for who in ("maude", "karim")]
        command = NewMandate(kind=MandateKind.orientation, title="À deux", enterprise=new_enterprise())
        mandate = mandates.open_mandate(db, actor, both, command)
    return EvidenceRef(kind=EvidenceKind.MANDATE, id=mandate.id)


def minutes_of(database: Database, world: World, who: str) -> int | None:
    """Return the minutes that stand beside the only mandate of ``who``, as their trainer reads it."""
    with database.transaction() as db:
        actor = acting(db, world, "trainer", P.EVIDENCE_READ)
        [piece] = [
            item
            for item in evidence_of(db, see_enrolment(db, actor, world.enrolments[who]))
            if item.kind is EvidenceKind.MANDATE
        ]
    return piece.minutes


def test_mandate_shows_the_hours_of_its_person_that_are_accepted_and_no_others(
    database: Database, world: World
) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    before, _ = declare(database, world, 30)
    decide(database, world, before, accepted=True)
    mandate = mandate_of_two(database, world)
    assert minutes_of(database, world, "maude") is None, "hours of no mandate stand beside none"
    first, second, third = (declare(database, world, 30, mandate=mandate.id, note=note)[0] for note in "abc")
    others, _ = declare(database, world, 60, who="karim", mandate=mandate.id)
    accepted = decide(database, world, first, accepted=True)
    decide(database, world, second, accepted=True)
    decide(database, world, third, accepted=False, reason="Trajet")
    declare(database, world, 30, mandate=mandate.id, note="d")
    decide(database, world, others, accepted=True)
    assert (minutes_of(database, world, "maude"), minutes_of(database, world, "karim")) == (60, 60)
    decide(database, world, first, accepted=False, reason="Autre entreprise", supersedes=accepted.countersignature_id)
    assert (minutes_of(database, world, "maude"), minutes_of(database, world, "karim")) == (30, 60)


def test_accepted_hours_stand_beside_their_mandate_where_one_judges_and_in_the_portfolio(
    client: TestClient, database: Database, world: World
) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    mandate = mandate_of_two(database, world)
    for who, minutes in (("maude", 90), ("karim", 120)):
        hours, _ = declare(database, world, minutes, who=who, mandate=mandate.id)
        decide(database, world, hours, accepted=True)
    path = f"/parcours/{world.enrolments['maude']}"
    as_(client, database, world, "trainer")
    judging = client.get(f"{path}/jugements/CN-12?preuve={mandate.key}").text
    assert judging.count(ACCEPTED) == 2, "the work that is read, and among what the level rests on"
    assert f": 2{NBSP}h" not in judging, "the hours of another advisor of the mandate"
    assert ACCEPTED in client.get(f"{path}/portfolio").text
    shown = client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/portfolio").json()
    pieces = [p for c in shown["competencies"] for p in c["unjudged"] if p["kind"] == "mandate"]
    assert {p["minutes"] for p in pieces} == {90}


def test_accepted_hours_stand_beside_their_mandate_where_two_assess(
    client: TestClient, database: Database, world: World
) -> None:
    complete_prerequisites(database, world, "maude", "karim")
    mandate = mandate_of_two(database, world)
    hours, _ = declare(database, world, 90, mandate=mandate.id)
    decide(database, world, hours, accepted=True)
    as_(client, database, world, "coordinator")
    page = client.get(f"/parcours/{world.enrolments['maude']}/jugements/CN-12/double-evaluation")
    assert page.status_code == 200
    assert ACCEPTED in page.text
