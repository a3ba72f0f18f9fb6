"""Interests: declared for a term, enforced before a judgement and after it; nothing disappears (S6, BR-13)."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from app.accompaniment.interests.enums import InterestKind
from app.accompaniment.interests.rules import term_of
from app.cohorts.enrolments.service import see_enrolment
from app.grading import service as grading
from app.grading.conflicts import rules, service
from app.grading.conflicts.schemas import AllowAssessor, Declare
from app.grading.drafts.schemas import DraftCommand, DraftKey, DraftPlace
from app.grading.drafts.service import save_draft
from app.grading.panels.enums import Basis, PanelKind, PanelState
from app.grading.panels.models import Panel
from app.grading.queue.service import queue
from app.grading.schemas import QueueView
from app.grading.works.enums import WorkDecisionKind, WorkState
from app.identity.roles.service import grant_role
from app.network.service import see_college
from app.platform.clock import at, now
from app.platform.database.transaction import Database
from app.platform.errors import Conflict, Forbidden, Invalid
from app.platform.messages.i18n import today
from app.platform.search import search_key
from app.platform.security.permissions import P, Role
from tests.conftest import RING
from tests.factories import codev
from tests.factories.cohorts import page
from tests.factories.grading import hand_in, judge, judge_command
from tests.factories.interests import DETAIL, NEQ, declare, declare_maude, enterprise_of_maude
from tests.factories.locks import wait_for_lock_waiters
from tests.factories.network import World, acting, as_, begin_second_path, see
from tests.factories.panels import add_trainers, ask, history, judged, name, open_double, speak, take
from tests.factories.works import decide, works_of
from tests.grading.test_assignments import assign, in_queue


def panels(database: Database) -> list[tuple[str, int | None]]:
    with database.as_owner() as db:
        return [(row.kind.value, row.judgement_id) for row in db.execute(sa.select(Panel)).scalars()]


# Rules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "term"),
    [
        (date(2026, 1, 5), "H2026"),
        (date(2026, 5, 31), "H2026"),
        (date(2026, 6, 1), "E2026"),
        (date(2026, 8, 14), "E2026"),
        (date(2026, 8, 15), "A2026"),
        (date(2026, 12, 31), "A2026"),
    ],
)
def test_term_of_a_day(day: date, term: str) -> None:
    assert term_of(day) == term


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("enterprise", {}, ["neq_needed"]),
        ("enterprise", {"neq": NEQ}, []),
        ("enterprise", {"neq": "5566778899"}, ["neq_form"]),
        ("vendor", {}, ["vendor_needed"]),
        ("vendor", {"vendor": "Logiciel"}, []),
        ("person", {"about_id": 9}, ["person_needed"]),
        ("person", {"about_id": 1}, []),
        ("none", {}, []),
        ("none", {"declared": [InterestKind.NONE]}, []),
        ("none", {"declared": [InterestKind.VENDOR]}, ["interests_declared"]),
    ],
)
def test_declaration_names_what_its_kind_needs(kind: str, given: dict[str, object], expected: list[str]) -> None:
    values: dict[str, object] = {"neq": None, "about_id": None, "vendor": None, "declared": (), **given}
    reasons = rules.declared_reasons(InterestKind(kind), choosable={1}, **values)  # type: ignore[arg-type]
    assert [reason.code for reason in reasons] == expected


# Before a judgement ------------------------------------------------------------------------------


def test_declared_person_is_not_judged_and_a_substitute_is_named(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    declare_maude(database, world)
    with pytest.raises(Forbidden) as refused:
        judged(database, world)
    [reason] = refused.value.reasons
    assert (reason.code, reason.params["substitute"]) == ("conflict_declared", "Karim Haddad")
    assert judged(database, world, of="yves").level == 2


def test_mandate_in_a_declared_enterprise_keeps_its_advisor_from_being_judged(database: Database, world: World) -> None:
    enterprise_of_maude(database, world)
    declare(database, world, kind="enterprise", neq=f" {NEQ[:4]} {NEQ[4:7]}-{NEQ[7:]}")
    with pytest.raises(Forbidden) as refused:
        judged(database, world)
    assert [reason.code for reason in refused.value.reasons] == ["conflict_no_substitute"]


def test_queue_leaves_out_what_a_trainer_declared(database: Database, world: World) -> None:
    hand_in(database, world)
    hand_in(database, world, "yves")
    declare_maude(database, world)
    with database.transaction() as db:
        names = [item.name for item in queue(db, acting(db, world, "trainer", P.JUDGEMENT_MAKE)).items]
    assert len(names) == 1
    assert "Maude" not in names[0]


def test_queue_of_the_team_shows_the_conflict_and_names_a_substitute(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    declare_maude(database, world)

    def shown() -> tuple[bool, str | None]:
        with database.transaction() as db:
            actor = acting(db, world, "trainer", P.JUDGEMENT_MAKE)
            [item] = queue(db, actor, view=QueueView.TEAM).items
            return item.in_conflict, item.substitute

    assert shown() == (True, None)
    page = as_(client, database, world, "trainer").get("/jugements?vue=equipe").text
    assert "prévenez la coordination" in page
    assert f"/jugements/CN-01?preuve={work.id}" not in page
    add_trainers(database, world, "karim", "elise")
    declare(database, world, "elise", kind="person", about_id=world.people["maude"])
    assert shown() == (True, "Karim Haddad")
    assert "Karim Haddad peut juger ce travail." in client.get("/jugements?vue=equipe").text
    refused = client.get(f"/parcours/{world.enrolments['maude']}/jugements/CN-01?preuve={work.id}").text
    assert "Karim Haddad peut le juger." in refused
    assert 'name="level"' not in refused


def test_work_is_not_assigned_to_who_declared_an_interest_and_a_substitute_is_named(
    database: Database, world: World
) -> None:
    hand_in(database, world)
    add_trainers(database, world, "karim")
    declare_maude(database, world)
    with pytest.raises(Invalid) as refused:
        assign(database, world, "trainer")
    assert [(r.code, r.params["substitute"]) for r in refused.value.reasons] == [
        ("assignee_in_conflict", "Karim Haddad")
    ]
    assert assign(database, world, "karim").assignee == "Karim Haddad"


def test_work_assigned_to_who_declares_an_interest_is_everybodys_again(
    client: TestClient, database: Database, world: World
) -> None:
    work = hand_in(database, world)
    add_trainers(database, world, "karim")
    assign(database, world, "trainer")
    assert in_queue(database, world, "karim") == set()
    declare_maude(database, world)
    assert in_queue(database, world, "karim") == {work.id}
    assert in_queue(database, world, "trainer") == set()
    assert {w.state for w in works_of(database, world)} == {WorkState.RECEIVED}
    page = as_(client, database, world, "coordinator").get(f"/cohortes/{world.cohort}/travaux").text
    assert "Théo Formation ne le juge plus" in page


def test_draft_of_a_judgement_is_refused_to_who_declared_an_interest(database: Database, world: World) -> None:
    hand_in(database, world)
    declare_maude(database, world)
    with database.transaction() as db:
        actor, enrolment, _ = see(db, world, "trainer", P.JUDGEMENT_MAKE)
        place = DraftPlace(enrolment=enrolment, competency="CN-01", key=DraftKey())
        with pytest.raises(Forbidden, match="may_not_judge"):
            save_draft(db, actor, place, DraftCommand(comment="À relire"), version=0)


def test_assessor_of_a_panel_who_declares_an_interest_speaks_no_more_and_is_replaced(
    database: Database, world: World
) -> None:
    add_trainers(database, world, "karim", "elise")
    panel = ask(database, world, judged(database, world).id)
    take(database, world, panel.id, "karim")
    declare_maude(database, world, "karim")
    with pytest.raises(Forbidden) as refused:
        speak(database, world, panel.id, "karim", 3)
    assert [(r.code, r.params["substitute"]) for r in refused.value.reasons] == [
        ("conflict_declared", "Élise Lœwen-Côté")
    ]
    with pytest.raises(Invalid):
        name(database, world, panel.id, "karim")
    name(database, world, panel.id, "elise")
    assert speak(database, world, panel.id, "elise", 3).level == 3


INTERESTS = ("person", "enterprise")


def declare_in_maude(database: Database, world: World, who: str, interest: str) -> None:
    if interest == "person":
        declare_maude(database, world, who)
    else:
        enterprise_of_maude(database, world)
        declare(database, world, who, kind=interest, neq=NEQ)


@pytest.mark.parametrize("interest", INTERESTS)
def test_level_given_on_a_panel_before_a_declaration_decides_nothing_and_another_is_named(
    database: Database, world: World, interest: str
) -> None:
    add_trainers(database, world, "karim", "elise", "yves")
    panel = open_double(database, world, hand_in(database, world), "karim", "elise")
    speak(database, world, panel.id, "karim", 3)
    declare_in_maude(database, world, "karim", interest)
    undecided = speak(database, world, panel.id, "elise", 3)
    assert (undecided.level, undecided.wanted, [s.is_vacant for s in undecided.seats]) == (None, 1, [True, False])
    assert history(database, world) == []
    assert name(database, world, panel.id, "yves").wanted == 0
    decided = speak(database, world, panel.id, "yves", 3)
    assert (decided.level, decided.basis) == (3, Basis.AGREEMENT)
    assert [j.assessor for j in history(database, world)] == ["Élise Lœwen-Côté"]
    assert panels(database) == [(PanelKind.DOUBLE, None)], "nobody of it is in conflict: nothing is to confirm"


def test_third_who_decides_beside_someone_in_conflict_has_it_confirmed(database: Database, world: World) -> None:
    add_trainers(database, world, "karim", "elise", "yves")
    panel = open_double(database, world, hand_in(database, world), "karim", "elise")
    speak(database, world, panel.id, "karim", 2)
    speak(database, world, panel.id, "elise", 3)
    name(database, world, panel.id, "yves")
    declare_maude(database, world, "karim")
    assert speak(database, world, panel.id, "yves", 2).basis is Basis.THIRD
    [made] = history(database, world)
    assert made.assessor == "Yves O’Brien"
    assert panels(database) == [(PanelKind.DOUBLE, None), (PanelKind.CONFLICT, made.id)]


def test_member_who_declares_after_a_committee_differed_is_replaced_in_the_round_it_is_in(
    database: Database, world: World
) -> None:
    add_trainers(database, world, "karim", "elise", "yves", "nobody", "coordinator")
    review = ask(database, world, judged(database, world).id)
    take(database, world, review.id, "nobody")
    speak(database, world, review.id, "nobody", 2)
    appeal = ask(database, world, history(database, world)[0].id)
    name(database, world, appeal.id, "karim", "elise", "yves")
    for who, level in (("karim", 2), ("elise", 3), ("yves", 4), ("elise", 4)):
        speak(database, world, appeal.id, who, level)
    declare_maude(database, world, "karim")
    assert name(database, world, appeal.id, "coordinator").state is PanelState.READING
    assert speak(database, world, appeal.id, "coordinator", 3).level is None, "Élise no longer gives level 3"
    decided = speak(database, world, appeal.id, "yves", 4)
    assert (decided.level, decided.basis) == (4, Basis.MAJORITY)
    assert "Karim Haddad" not in {j.assessor for j in history(database, world)}


def test_assessor_of_another_cohort_declares_an_interest_in_whom_a_panel_has_them_judge(
    database: Database, world: World
) -> None:
    add_trainers(database, world, "karim", cohort=False)
    with pytest.raises(Invalid) as refused:
        declare_maude(database, world, "karim")
    assert [reason.code for reason in refused.value.reasons] == ["person_needed"]
    panel = ask(database, world, judged(database, world).id)
    take(database, world, panel.id, "karim")
    declare_maude(database, world, "karim")
    with pytest.raises(Forbidden):
        speak(database, world, panel.id, "karim", 3)


def test_person_in_conflict_is_named_neither_for_two_nor_for_a_committee(database: Database, world: World) -> None:
    add_trainers(database, world, "karim", "elise")
    declare_maude(database, world, "elise")
    work = hand_in(database, world)
    with pytest.raises(Invalid) as refused:
        open_double(database, world, work, "karim", "elise")
    assert [reason.code for reason in refused.value.reasons] == ["assessor_not_eligible"]
    open_double(database, world, work, "karim", "trainer")


def test_work_of_a_declared_person_is_neither_returned_nor_waived(database: Database, world: World) -> None:
    work = hand_in(database, world)
    declare_maude(database, world)
    for kind in WorkDecisionKind:
        with pytest.raises(Forbidden) as refused:
            decide(database, world, work, kind)
        assert [reason.code for reason in refused.value.reasons] == ["conflict_no_substitute"]
    assert works_of(database, world)[0].decisions == ()


# After a judgement -------------------------------------------------------------------------------


def test_declaration_after_a_judgement_marks_it_for_another_assessor_and_nothing_disappears(
    database: Database, world: World
) -> None:
    add_trainers(database, world, "karim")
    first, other = judged(database, world), judged(database, world, of="yves")
    declare_maude(database, world)
    declare_maude(database, world)
    assert panels(database) == [(PanelKind.CONFLICT, first.id)]
    assert [j.id for j in history(database, world)] == [first.id]
    assert history(database, world, "yves")[0].id == other.id
    with pytest.raises(Forbidden):
        take(database, world, 1, "trainer")
    take(database, world, 1, "karim")
    speak(database, world, 1, "karim", 1)
    second, kept = history(database, world)
    assert (second.level, second.assessor, kept.superseded_by) == (1, "Karim Haddad", second.id)
    with database.as_owner() as db:
        kinds = db.execute(
            sa.text("select h.kind, l.id is not null from hold h left join hold_lift l on l.hold_id = h.id")
        )
        assert kinds.all() == [("conflict", True)]


def test_confirmed_judgement_stays_in_force(database: Database, world: World) -> None:
    add_trainers(database, world, "karim")
    first = judged(database, world)
    declare_maude(database, world)
    take(database, world, 1, "karim")
    speak(database, world, 1, "karim", 2)
    assert [j.id for j in history(database, world)] == [first.id]


def test_judgement_whose_confirmer_declares_an_interest_later_is_confirmed_once_more(
    database: Database, world: World
) -> None:
    add_trainers(database, world, "karim", "elise")
    first = judged(database, world)
    declare_maude(database, world)
    take(database, world, 1, "karim")
    speak(database, world, 1, "karim", 2)
    declare_maude(database, world, "karim")
    assert panels(database) == [(PanelKind.CONFLICT, first.id)] * 2
    with pytest.raises(Forbidden):
        take(database, world, 2, "trainer")
    take(database, world, 2, "elise")
    speak(database, world, 2, "elise", 2)
    for who in ("trainer", "karim"):
        declare_maude(database, world, who)
    assert panels(database) == [(PanelKind.CONFLICT, first.id)] * 2, "Élise has no interest: it is confirmed"
    assert [j.id for j in history(database, world)] == [first.id]


def test_judgement_that_waits_for_a_declaration_is_refused(database: Database, world: World) -> None:
    command = judge_command(hand_in(database, world))
    with ThreadPoolExecutor(1) as other:
        with database.transaction() as db:
            actor = acting(db, world, "trainer", P.INTEREST_DECLARE)
            about = Declare(kind=InterestKind.PERSON, about_id=world.people["maude"])
            service.declare(db, RING, actor, see_college(db, actor, world.alma), about)
            waiting = other.submit(judge, database, world, command)
            wait_for_lock_waiters(database, 1, waiting)
        with pytest.raises(Forbidden, match="may_not_judge"):
            waiting.result()
    assert panels(database) == []


def test_declaration_that_waits_for_a_judgement_marks_it(database: Database, world: World) -> None:
    work = hand_in(database, world)
    with ThreadPoolExecutor(1) as other:
        with database.transaction() as db:
            actor, enrolment, _ = see(db, world, "trainer", P.JUDGEMENT_MAKE)
            made = grading.judge(db, actor, enrolment, judge_command(work))
            waiting = other.submit(declare_maude, database, world)
            wait_for_lock_waiters(database, 1, waiting)
        waiting.result()
    assert panels(database) == [(PanelKind.CONFLICT, made.id)]


# Who reads what ----------------------------------------------------------------------------------


def test_detail_is_encrypted_and_its_author_alone_reads_it(
    client: TestClient, database: Database, world: World
) -> None:
    declare_maude(database, world)
    with database.as_owner() as db:
        sealed = db.execute(sa.text("select detail_sealed from interest")).scalar_one()
        entries = str(db.execute(sa.text("select * from audit_values")).all())
    assert "frère" not in sealed + entries
    own = as_(client, database, world, "trainer").get(f"/colleges/{world.alma}/mes-interets").text
    assert DETAIL in own
    assert re.search(r'name="neq"[^>]* maxlength="20"', own), "a NEQ may be typed with spaces"
    as_(client, database, world, "coordinator")
    page = client.get(f"/colleges/{world.alma}/interets").text
    assert "1 intérêt" in page
    assert "frère" not in page
    listed = client.get(f"/api/v1/colleges/{world.alma}/declarations").json()
    found = next(row for row in listed["items"] if row["person_id"] == world.people["trainer"])
    assert found == {**found, "is_declared": True, "interest_count": 1}


def test_page_takes_the_number_of_an_enterprise_with_its_spaces(
    client: TestClient, database: Database, world: World
) -> None:
    path, typed = f"/colleges/{world.alma}/mes-interets", f"{NEQ[:4]} {NEQ[4:7]} {NEQ[7:]}"
    as_(client, database, world, "trainer")
    [field] = re.findall(r'<input[^>]*name="neq"[^>]*>', client.get(path).text)
    [longest] = re.findall(r'maxlength="(\d+)"', field)
    sent = client.post(path, data={"kind": "enterprise", "neq": typed[: int(longest)]})
    assert sent.status_code == 303
    assert NEQ in client.get(path).text


def test_list_of_declarations_has_everyone_who_declares_by_name(
    client: TestClient, database: Database, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.identity.roles.service.MOST_HOLDERS", 1)
    add_trainers(database, world, "karim", "elise")
    as_(client, database, world, "coordinator")
    listed = client.get(f"/api/v1/colleges/{world.alma}/declarations").json()["items"]
    names = [row["name"] for row in listed]
    assert {"Théo Formation", "Karim Haddad", "Élise Lœwen-Côté"} <= set(names)
    assert names == sorted(names, key=lambda name: search_key(name.partition(" ")[2])), "by last name, as lists are"
    assert len(names) == len(set(names))


def test_details_are_encrypted_again_under_a_new_key(database: Database, world: World) -> None:
    declare_maude(database, world)
    rotated = RING.rotated()
    with database.as_owner() as db:
        assert service.reencrypt_details(db, rotated) == 1
        assert service.reencrypt_details(db, rotated) == 0


def test_vendors_are_shown_to_whoever_chooses_a_solution(client: TestClient, database: Database, world: World) -> None:
    declare(database, world, kind="vendor", vendor="Logiciels Boréal : caisse et inventaire")
    as_(client, database, world, "maude")
    assert "Logiciels Boréal" in client.get(f"/parcours/{world.enrolments['maude']}/fournisseurs").text
    assert client.get(f"/api/v1/enrolments/{world.enrolments['maude']}/vendors").json()["items"][0]["name"] == (
        "Théo Formation"
    )


def test_module_in_which_specialists_choose_a_solution_leads_to_what_is_sold(
    client: TestClient, database: Database, world: World
) -> None:
    declare(database, world, kind="vendor", vendor="Logiciels Boréal : caisse et inventaire")
    spe = begin_second_path(database, world)
    as_(client, database, world, "maude")
    html = page(client.get(f"/parcours/{world.enrolments[spe]}"))
    modules = re.findall(r"<details.*?</details>", html, re.DOTALL)
    [leading] = [module for module in modules if "/fournisseurs" in module]
    assert "SPE-5" in leading.partition("</summary>")[0]
    [path] = re.findall(r'href="([^"]*/fournisseurs)"', leading)
    assert "Logiciels Boréal" in page(client.get(path))
    assert "/fournisseurs" not in page(client.get(f"/parcours/{world.enrolments['maude']}")), "nothing is chosen there"


def test_interest_holds_for_its_term_and_is_asked_again_in_the_next(database: Database, world: World) -> None:
    work = hand_in(database, world)
    declare_maude(database, world)
    with pytest.raises(Forbidden, match="may_not_judge"):
        judge(database, world, judge_command(work))
    later = next(
        now() + timedelta(days=n) for n in range(366) if term_of(today() + timedelta(days=n)) != term_of(today())
    )
    with at(later):
        with database.transaction() as db:
            assert service.undeclared(db, acting(db, world, "trainer", P.INTEREST_DECLARE)) == [world.alma]
        judge(database, world, judge_command(work))
        assert panels(database) == []
        declare_maude(database, world)
        assert panels(database) == [(PanelKind.CONFLICT, 1)], "declared again, it concerns what was judged meanwhile"


def test_trainer_is_reminded_until_something_is_declared(database: Database, world: World) -> None:
    def waiting() -> list[int]:
        with database.transaction() as db:
            return service.undeclared(db, acting(db, world, "trainer", P.INTEREST_DECLARE))

    assert waiting() == [world.alma]
    declare(database, world, kind="none")
    assert waiting() == []
    declare(database, world, kind="vendor", vendor="Logiciel")
    with pytest.raises(Invalid):
        declare(database, world, kind="none")


@pytest.mark.parametrize("table", ["interest", "assessor_exception"])
def test_application_changes_no_declaration(database: Database, world: World, table: str) -> None:
    with database.transaction(colleges=[world.alma]) as db, pytest.raises(sa.exc.DBAPIError, match="permission denied"):
        db.execute(sa.text(f"delete from {table}"))  # noqa: S608 - names of this test


# The exception for a facilitator -----------------------------------------------------------------


def test_coordinator_lets_a_facilitator_judge_cn11_with_a_reason(database: Database, world: World) -> None:
    codev.create_group(database, world)
    add_trainers(database, world, "facilitator")
    command = judge_command(hand_in(database, world), competency_code="CN-11")
    with pytest.raises(Forbidden):
        judge(database, world, command, by="facilitator")

    def allow() -> None:
        with database.transaction() as db:
            actor = acting(db, world, "coordinator", P.PANEL_MANAGE)
            enrolment = see_enrolment(db, actor, world.enrolments["maude"])
            why = AllowAssessor(assessor_id=world.people["facilitator"], reason="Seule personne du collège.")
            service.allow_assessor(db, actor, enrolment, why)

    allow()
    assert judge(database, world, command, by="facilitator").level == 2
    with pytest.raises(Conflict):
        allow()


def test_coordinator_who_facilitates_grants_themselves_no_exception(database: Database, world: World) -> None:
    codev.create_group(database, world)
    who = world.people["facilitator"]
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, who, Role.COORDINATOR, college_id=world.alma)
    with database.transaction() as db:
        actor = acting(db, world, "facilitator", P.PANEL_MANAGE)
        enrolment = see_enrolment(db, actor, world.enrolments["maude"])
        with pytest.raises(Forbidden, match="own_case"):
            service.allow_assessor(db, actor, enrolment, AllowAssessor(assessor_id=who, reason="Je suis seul."))
