"""The demo network: two colleges populated in full, and a small one populated twice."""

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text, true

from app.curricula.service import register_published
from app.demo.data import COHORTS, PLACES, CohortPlan
from app.demo.field import ENTERPRISES
from app.demo.load import accounts_of, load, load_if_empty
from app.demo.network import PASSWORD, DemoPlan, populate_network
from app.demo.special_cases import SERIES, show_cohort_states
from app.grading.queue.waiting import works_where
from app.identity.sign_in.schemas import DemoAccount
from app.main import create_app
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.files.folder import FolderStore
from app.platform.security.keyring import new_keyring
from app.platform.security.permissions import Role
from app.progress.service import mismatches
from tests.cli.conftest import Escouade
from tests.conftest import RING
from tests.server import opened

ON = date(2026, 11, 22)
PLACES_LOADED = ("harricana", "lac-gilman")
pytestmark = pytest.mark.timeout(600)
"""Whichever test comes first waits for both networks: 30 s alone, several minutes on a machine that does other work."""

SITE = "http://testserver"
SMALL = (
    CohortPlan("havre", "GEN-1", "generaliste", 21, 4),
    CohortPlan("havre", "GEN-2", "generaliste", -2, 2),
)


@pytest.fixture(scope="module")
def demo_database(fresh_url: Callable[[], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yield a database with two colleges of the demo network, as of one day."""
    folder = tmp_path_factory.mktemp("demo")
    database = opened(fresh_url())
    with database.transaction() as db:
        register_published(db)
    load(database, SITE, RING, FolderStore(folder), on=ON, places=PLACES_LOADED)
    yield database
    database.dispose()


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


# The plan ---------------------------------------------------------------------------------------


def test_the_plan_of_the_whole_network() -> None:
    """The plan has 135 people, both paths, and cohorts at every stage."""
    assert sum(plan.people for plan in COHORTS) == 135
    assert ENTERPRISES == 460
    assert len(PLACES) == 7
    assert {plan.place for plan in COHORTS} == {place.slug for place in PLACES}
    assert {plan.path for plan in COHORTS} == {"generaliste", "specialise"}
    assert {plan.phase for plan in COHORTS} == {"prototype", "deployment"}
    to_come = [plan for plan in COHORTS if plan.weeks_ago <= 0]
    late = [plan for plan in COHORTS if plan.pace < 1]
    finished = [plan for plan in COHORTS if plan.weeks_ago >= 24 and plan.pace == 1]
    running = [plan for plan in COHORTS if 0 < plan.weeks_ago < 15 and plan.pace == 1]
    assert all((to_come, late, finished, running))
    assert len({(plan.place, plan.code) for plan in COHORTS}) == len(COHORTS)


# Two colleges -----------------------------------------------------------------------------------


CONFIRMED = """
    select bool_or(d.id is not null), bool_or(d.id is null), bool_and((d.id is null) = (l.id is null))
    from panel p left join panel_decision d on d.panel_id = p.id
    join hold h on h.id = p.hold_id left join hold_lift l on l.hold_id = h.id
    where p.kind = 'conflict' and h.kind = 'conflict'
    """
PANELS = """
select p.kind, count(distinct s.id), count(distinct o.id), count(distinct d.id)
  from panel p left join panel_seat s on s.panel_id = p.id left join panel_opinion o on o.panel_id = p.id
  left join panel_decision d on d.panel_id = p.id group by p.id, p.kind
"""
"""Each panel: its kind, how many assessors it has, how many levels they gave, whether it is decided."""

TRANSFERS = """
select t.state, t.consented_at is not null, t.ended_at is not null, f.state, n.state
  from transfer t join enrolment f on f.id = t.enrolment_id left join enrolment n on n.id = t.to_enrolment_id
 where t.college_id <> t.to_college_id order by 1
"""
CARRIED = """
select (select sum((r ->> 'minutes')::int) from jsonb_array_elements(body -> 'results') r) > 0,
       jsonb_array_length(body -> 'origins') = 1, jsonb_array_length(body -> 'levels') > 0,
       jsonb_array_length(body -> 'mandates') > 0
  from carried_file
"""
CLAIMS = """
select c.competency_code, c.state, string_agg(s.kind, ' ' order by s.id)
  from prior_learning_claim c join prior_learning_step s on s.claim_id = c.id group by c.id order by 1
"""


@pytest.mark.timeout(400)
class TestTwoColleges:
    def test_people_and_enrolments(self, demo_database: Database) -> None:
        participants = sum(plan.people for plan in COHORTS if plan.place in PLACES_LOADED)
        staff = 5 + 3  # one coordinator who is also the registrar, in the small college
        assert rows(demo_database, "select count(*) from account") == [(participants + staff + 2,)]
        assert rows(demo_database, "select count(distinct person_id) from enrolment") == [(participants,)]
        states = {str(s): n for s, n in rows(demo_database, "select state, count(*) from enrolment group by state")}
        assert states.keys() >= {"active", "completed"}
        assert states.keys() <= {"active", "completed", "withdrawn", "on_leave", "transferred"}
        assert rows(demo_database, "select count(*) from enrolment") == [
            (participants + int(str(states["transferred"])),)
        ]
        assert rows(demo_database, "select count(*) from enterprise") == [(ENTERPRISES,)]

    def test_letters_refused_given_up_and_sent(self, demo_database: Database) -> None:
        unsent = rows(demo_database, "select state, reason from letter where state <> 'sent' order by reason")
        assert unsent == [
            ("refused", "mailbox_full"), ("refused", "mailbox_unknown"), ("given_up", "server_unreachable"),
        ]  # fmt: skip
        invited = "select count(*) from invitation i join letter l on l.id = i.letter_id where l.state = 'refused'"
        assert rows(demo_database, invited) == [(1,)]

    def test_lists_of_staff_and_of_people_for_a_cohort_were_brought_in(self, demo_database: Database) -> None:
        listed = rows(
            demo_database,
            "select i.legal_last_name, i.role, i.cohort_id is not null, l.state from invitation i"
            " join letter l on l.id = i.letter_id where i.legal_last_name is not null order by i.id",
        )
        assert listed == [
            ("Savard", "trainer", False, "sent"), ("Benali", "trainer", False, "sent"),
            ("Benali", "facilitator", False, "sent"), ("Girard", None, True, "sent"), ("Awashish", None, True, "sent"),
        ]  # fmt: skip

    def test_directory_has_entries_of_each_college_some_to_verify_and_corrections(
        self, demo_database: Database
    ) -> None:
        by_kind = rows(demo_database, "select kind, count(*) from resource group by kind order by kind")
        assert by_kind == [("organisme", 1), ("programme", 1), ("service", 3)]
        stale = "select count(*) from resource where verified_at < timestamptz '2026-11-22' - interval '365 days'"
        assert rows(demo_database, stale) == [(1,)]
        answers = rows(demo_database, "select state, answer is not null from resource_correction order by state")
        assert answers == [("accepted", False), ("refused", True), ("waiting", False)]

    def test_cohorts_finished_running_and_late(self, demo_database: Database) -> None:
        """By college and path, the average share of the path that is recognised, in percent."""
        shares = rows(
            demo_database,
            """
            select l.slug, c.curriculum_slug, round(avg(100.0 * g.recognised_minutes / g.planned_minutes))
              from cohort c join college l on l.id = c.college_id join enrolment e on e.cohort_id = c.id
              join progress g on g.enrolment_id = e.id
             where e.state in ('active', 'completed') group by 1, 2
            """,
        )
        percent = {(place, path): int(str(share)) for place, path, share in shares}
        assert percent["harricana", "generaliste"] > 95
        assert 30 < percent["harricana", "specialise"] < 90, "started thirty weeks ago, and late"
        assert 20 < percent["lac-gilman", "generaliste"] < 90
        assert 20 < percent["lac-gilman", "specialise"] < 90

    def test_hand_in_done_off_line_keeps_both_dates(self, demo_database: Database) -> None:
        """S1: done on Thursday, received on Saturday; and a college whose people attend by telephone."""
        declared = rows(
            demo_database,
            "select received_at - completed_at_declared, body from hand_in where completed_at_declared is not null",
        )
        assert [str(row[0]) for row in declared] == ["2 days, 0:00:00"]
        assert "hors ligne" in str(declared[0][1])
        phoned = "select count(*) from roll_call_entry where mode = 'phone' and minutes > 0"
        assert int(str(rows(demo_database, phoned)[0][0])) > 0

    def test_correction_of_a_roll_call_keeps_what_it_corrected(self, demo_database: Database) -> None:
        """S1: someone left before the end, and nobody knew before the next day."""
        corrected = rows(
            demo_database,
            """
            select before.minutes - after.minutes, after.status, call.reason
              from roll_call call
              join roll_call_entry after on after.roll_call_id = call.id
              join roll_call_entry before on before.roll_call_id = call.supersedes_id
                                         and before.enrolment_id = after.enrolment_id
             where before.minutes <> after.minutes
            """,
        )
        assert corrected == [(40, "left_early", "Départ avant la fin, signalé le lendemain.")]

    def test_people_checked_in_and_the_roll_call_confirmed_it(self, demo_database: Database) -> None:
        """One of them late, one who did not check in noted as absent."""
        confirmed = rows(
            demo_database,
            """
            select e.status, count(c.id), count(*)
              from roll_call r
              join roll_call_entry e on e.roll_call_id = r.id
              left join check_in c on c.session_id = r.session_id and c.enrolment_id = e.enrolment_id
             where r.supersedes_id is null and r.session_id in (select session_id from check_in)
             group by e.status
            """,
        )
        counts = {str(status): (checked_in, people) for status, checked_in, people in confirmed}
        assert set(counts) == {"present", "late", "absent"}
        assert counts["late"] == (1, 1)
        assert counts["absent"] == (0, 1)
        assert counts["present"][0] == counts["present"][1]

    def test_traces_were_deposited_where_pages_ask_for_them(self, demo_database: Database) -> None:
        """S1: a workshop takes a trace, which no judgement waits for."""
        traced = rows(demo_database, "select count(distinct enrolment_id) from hand_in where activity_code = 'GEN-1.B'")
        assert int(str(traced[0][0])) == 3
        assert rows(demo_database, "select count(*) > 0 from hand_in where link like 'https://%'") == [(True,)]

    def test_teams_of_three_share_the_work_that_one_of_them_deposited(self, demo_database: Database) -> None:
        """S1: its author names two others of the same cohort, who read it."""
        shared = rows(
            demo_database,
            """
            select h.activity_code, count(*), bool_and(e.cohort_id = a.cohort_id and e.id <> a.id)
              from trace_share s join hand_in h on h.id = s.hand_in_id
              join enrolment a on a.id = h.enrolment_id join enrolment e on e.id = s.enrolment_id
             group by h.id, h.activity_code
            """,
        )
        assert {row[1:] for row in shared} == {(2, True)}

    def test_photo_of_a_phone_was_deposited_and_is_kept_as_jpeg(self, demo_database: Database) -> None:
        """S1: GEN-1.B takes it, and its trainer shares the one of the workshop."""
        photo = "select file_name, file_type from {} where file_name is not null"
        assert rows(demo_database, photo.format("hand_in")) == [("IMG_0412.jpg", "image/jpeg")]
        assert rows(demo_database, photo.format("cohort_document"))[-1:] == [("Carte.jpg", "image/jpeg")]

    def test_field_hours_were_declared_under_the_mandates_of_their_people(self, demo_database: Database) -> None:
        named = rows(
            demo_database,
            """
            select count(*) > 0, bool_and(h.minutes % 30 = 0), bool_and(exists (
                select from mandate_advisor a where a.mandate_id = h.mandate_id and a.enrolment_id = h.enrolment_id))
              from field_hours h
            """,
        )
        assert named == [(True, True, True)]

    def test_trainers_shared_what_workshops_gave_and_replaced_it(self, demo_database: Database) -> None:
        versions = "select activity_code, supersedes_id is not null from cohort_document order by 1, 2"
        assert rows(demo_database, versions) == [
            (code, is_new_version) for code in ("GEN-1.B", "SPE-2.B") for is_new_version in (False, True)
        ]

    def test_codevelopment_session_was_moved_by_the_weather(self, demo_database: Database) -> None:
        moved = rows(
            demo_database,
            """
            select distinct c.reason, s.starts_at - c.starts_at = interval '2 hours', s.sequence
              from codev_session_change c join codev_session s on s.id = c.session_id
            """,
        )
        assert moved == [("weather", True, 1)]

    def test_client_of_the_next_session_sent_a_sheet_and_one_reserve_did_not(self, demo_database: Database) -> None:
        """S4: what is planned next in each group; texts are encrypted, each group under its key."""
        sent = rows(
            demo_database,
            """
            select a.role, p.id is not null, c.content_sealed !~ ' '
              from role_assignment a join codev_session s on s.id = a.session_id and s.starts_at > '2026-11-22'
               and not exists (select from codev_pass h where h.session_id = s.id)
               and not exists (select from codev_swap w where s.id in (w.session_id, w.exchange_session_id))
               and not exists (select from codev_live_event e where e.session_id = s.id)
              left join preparation_sheet p on p.session_id = s.id and p.membership_id = a.membership_id
              left join codev_confidence c on c.id = p.confidence_id
            """,
        )
        assert set(sent) == {("client", True, True), ("reserve", True, True), ("reserve", False, None)}
        kinds = {str(kind) for (kind,) in rows(demo_database, "select distinct kind from codev_confidence")}
        assert kinds == {"sheet", "learning", "action", "journal"}
        assert rows(demo_database, "select count(*), min(days) from destruction_schedule") == [(1, 30)]

    def test_session_is_under_way_at_its_third_step(self, demo_database: Database) -> None:
        """S4: led up to its third step, which is nearly over; one member came late, one is not there."""
        done = rows(
            demo_database,
            """
            select string_agg(e.action, ' ' order by e.version) filter (where e.membership_id is null),
                   (select count(*) from codev_membership m where m.group_id = s.group_id and m.left_on is null)
                   - count(e.membership_id)
              from codev_live_event e join codev_session s on s.id = e.session_id
             where not exists (select from codev_record r where r.session_id = s.id)
             group by e.session_id, s.group_id
            """,
        )
        assert done == [("start next next next next pause", 1)]

    def test_record_waits_for_confirmations_and_turns_changed_hands(self, demo_database: Database) -> None:
        """S4: most members confirmed a record, one says it is wrong; a turn was passed, a swap waits."""
        said = rows(demo_database, "select is_right, count(*) > 0 from codev_confirmation group by 1 order by 1")
        assert said == [(False, True), (True, True)]
        waits = "select count(*) from codev_presence p where not exists (select from codev_confirmation c"
        assert rows(
            demo_database,
            f"{waits} where c.record_id = p.record_id and c.membership_id = p.membership_id)"
            " and exists (select from codev_confirmation c where c.record_id = p.record_id)",
        ) != [(0,)]
        assert rows(demo_database, "select taken_by_id is not null from codev_pass") == [(True,)]
        assert rows(demo_database, "select outcome from codev_swap") == [(None,)]
        kinds = {kind for (kind,) in rows(demo_database, "select kind from notification")}
        assert {"record_disputed", "turn_passed", "turn_taken", "swap_proposed"} <= kinds

    def test_most_members_rated_the_last_session_of_their_group(self, demo_database: Database) -> None:
        """Enough of them for results to be shown, in one encrypted box a session."""
        answered = rows(
            demo_database,
            """
            select count(*) > 0, bool_and(a.answers between 3 and 5), bool_and(length(b.content_sealed) > 40000)
              from rating_box b
              join (select session_id, count(*) as answers from rating_answered group by 1) a using (session_id)
            """,
        )
        assert answered == [(True, True, True)]

    def test_member_handed_an_extract_in_as_evidence(self, demo_database: Database) -> None:
        handed = rows(demo_database, "select activity_code, body from hand_in where activity_code ~ '^(GEN-7|SPE-9)'")
        assert [str(body).partition(",")[0] for _, body in handed] == ["Après une consultation"]

    def test_advisors_published_profiles_and_one_keeps_a_draft(self, demo_database: Database) -> None:
        """SPE-11.B: each expertise rests on a piece of its person's file."""
        published = rows(
            demo_database,
            """
            select count(*), count(*) filter (where exists (select from consent c
                     where c.person_id = p.person_id and c.purpose = 'profile_directory' and c.withdrawn_at is null)),
                   bool_and(exists (select from profile_expertise e where e.person_id = p.person_id
                     and expertise_stands(e.person_id, e.certificate_id, e.mandate_id)))
              from advisor_profile p
            """,
        )
        assert published == [(4, 3, True)]

    def test_groups_agreed_to_their_contract_and_someone_is_announced_to_enter_one(
        self, demo_database: Database
    ) -> None:
        without = rows(
            demo_database,
            """
            select distinct g.id from codev_group g join codev_session s on s.group_id = g.id
              join codev_record r on r.session_id = s.id join codev_membership m on m.group_id = g.id
             where m.joined_on <= s.starts_at::date
               and not exists (select from codev_agreement a where a.membership_id = m.id)
            """,
        )
        assert without == []
        entering = rows(
            demo_database,
            "select e.outcome, c.is_concerned from codev_entrance e join codev_concern c on c.entrance_id = e.id",
        )
        assert (None, True) in entering

    def test_reserve_client_took_a_turn(self, demo_database: Database) -> None:
        """S4: the planned client was excused, the reserve was the client."""
        swapped = rows(
            demo_database,
            """
            select t.reason, t.planned_client_id <> t.client_id, p.status, q.status, t.protocol
              from codev_turn t
              join codev_presence p on p.record_id = t.record_id and p.membership_id = t.planned_client_id
              join codev_presence q on q.record_id = t.record_id and q.membership_id = t.client_id
             where t.status = 'swapped'
            """,
        )
        assert swapped
        assert set(swapped) == {("absence", True, "excused", "present", "express")}

    def test_a_level_was_reviewed(self, demo_database: Database) -> None:
        """S5: two assessors; the first judgement is still there."""
        reviewed = rows(
            demo_database,
            """
            select j.level > f.level, j.assessor_id <> f.assessor_id, j.enrolment_id = f.enrolment_id, j.reason
              from judgement j join judgement f on f.id = j.supersedes_id
            """,
        )
        assert reviewed
        assert {row[:3] for row in reviewed} == {(True, True, True)}
        assert all(str(row[3]).startswith("Révision demandée") for row in reviewed)

    def test_decided_review_stays_beside_what_it_replaced(self, demo_database: Database) -> None:
        assert rows(demo_database, PANELS) == [("review", 1, 1, 1)]

    def test_works_are_returned_waived_and_handed_in_again(self, demo_database: Database) -> None:
        decided = rows(demo_database, "select kind from work_decision")
        assert decided.count(("returned",)) >= 3
        assert ("waived",) in decided
        assert rows(
            demo_database,
            """
            select 1 from extra_attempt x
             where 2 = (select count(*) from hand_in h join work_decision d on d.hand_in_id = h.id
                         where h.enrolment_id = x.enrolment_id and h.activity_code = x.activity_code)
            """,
        )

    def test_a_judgement_is_being_written_and_trainers_keep_comments(self, demo_database: Database) -> None:
        drafts = rows(
            demo_database,
            """
            select count(*) > 0, bool_and(t.criteria_feedback <> '{}'), bool_and(d.hand_in_id is not null)
              from judgement_draft d join judgement_draft_text t on t.draft_id = d.id
            """,
        )
        assert drafts == [(True, True, True)]
        assert rows(demo_database, "select 1 from saved_comment group by author_id having count(*) = 3")

    def test_works_of_each_kind_wait_to_be_judged(self, demo_database: Database) -> None:
        works = works_where(true())
        kinds = works.waiting().with_only_columns(works.c.kind).distinct()
        with demo_database.engine.connect() as connection:
            assert set(connection.execute(kinds).scalars()) == {"hand_in", "mandate", "session"}

    def test_a_work_that_waits_is_assigned_to_a_trainer_of_its_cohort(self, demo_database: Database) -> None:
        assigned = """
            select 1 from work_assignment a
              join enrolment e on e.id = a.enrolment_id
              join role_held r on r.person_id = a.assignee_id and r.cohort_id = e.cohort_id and r.role = 'trainer'
             where exists (select from hand_in h where h.enrolment_id = e.id and h.activity_code = a.activity_code
                              and not exists (select from judgement_evidence j where j.hand_in_id = h.id)
                              and not exists (select from work_decision d where d.hand_in_id = h.id))
            """
        assert rows(demo_database, assigned)

    def test_transfers_between_colleges_are_accepted_to_decide_and_await_consent(self, demo_database: Database) -> None:
        """S3: what was accepted carries hours, levels and complete mandates, each with its origin."""
        assert rows(demo_database, TRANSFERS) == [
            ("accepted", True, True, "transferred", "active"), ("awaiting_consent", False, False, "active", None),
            ("awaiting_decision", True, False, "active", None),
        ]  # fmt: skip
        [(minutes, origins, levels, mandates)] = rows(demo_database, CARRIED)
        assert minutes
        assert origins
        assert levels
        assert mandates

    def test_dossier_of_prior_learning_has_a_claim_in_each_state_that_waits(self, demo_database: Database) -> None:
        """S9: one is recognised, and exempts; one refused is under review; others wait for a specialist, a decision."""
        claims = rows(demo_database, CLAIMS)
        assert claims == [
            ("CN-07", "named", "named"), ("CN-08", "judged", "named judged"),
            ("CN-09", "review_asked", "named judged refused review_asked"),
            ("CN-10", "granted", "named judged granted"),
        ]  # fmt: skip
        kept = "select count(*), count(credential_type), count(file_sha256) from prior_learning_piece"
        assert rows(demo_database, kept) == [(3, 2, 1)]
        exempted = (
            "select (body ->> 'prior_minutes')::int > 0 from progress join prior_learning_claim using (enrolment_id)"
        )
        assert set(rows(demo_database, exempted)) == {(True,)}

    def test_trainers_declared_their_interests(self, demo_database: Database) -> None:
        """S6: one sells software, another has nothing to declare."""
        kinds = rows(
            demo_database, "select kind, vendor is not null, detail_sealed is not null from interest order by 1"
        )
        assert kinds == [("none", False, False), ("vendor", True, True)]

    def test_a_certificate_is_verified(self, demo_database: Database) -> None:
        """S10: a stranger with the code sees a valid document, and only what it says."""
        issued = rows(demo_database, "select code, number, state from certificate order by id")
        assert issued
        assert {state for _, _, state in issued} == {"valid"}
        with TestClient(create_app(Settings(base_url=SITE), demo_database, new_keyring())) as stranger:
            page = stranger.get(f"/v/{issued[0][0]}")
        assert page.status_code == 200
        assert str(issued[0][1]) in page.text
        numbers = [str(number) for _, number, _ in issued]
        assert sorted(numbers) == sorted(f"HAR-2026-{n:04d}" for n in range(1, len(numbers) + 1))

    def test_a_hold_is_open_and_another_was_lifted(self, demo_database: Database) -> None:
        statement = "select l.id is null from hold h left join hold_lift l on l.hold_id = h.id group by 1 order by 1"
        assert [is_open for (is_open,) in rows(demo_database, statement)] == [False, True]

    def test_stored_progress_matches_the_facts(self, demo_database: Database) -> None:
        with demo_database.as_owner() as db:
            assert mismatches(db) == []

    def test_accounts_of_each_role_and_college(self, demo_database: Database) -> None:
        accounts = listed(demo_database)
        names = {place.name for place in PLACES if place.slug in PLACES_LOADED}
        college_roles = set(Role) - {Role.ADMIN, Role.OBSERVER}
        expected = {(role, name) for role in college_roles for name in names} | {(Role.ADMIN, ""), (Role.OBSERVER, "")}
        assert {(a.role, a.college) for a in accounts} == expected
        assert len(accounts) == len(expected)

    def test_each_role_signs_in_with_the_listed_password(self, demo_database: Database) -> None:
        one_a_role = {account.role: account for account in listed(demo_database)}
        assert one_a_role.keys() == set(Role)
        demo = Settings(base_url=SITE, environment="demo")  # elsewhere a registrar needs a second factor
        with TestClient(create_app(demo, demo_database, new_keyring()), follow_redirects=False) as client:
            for role, account in one_a_role.items():
                body = {"email": account.email, "password": account.password}
                answer = client.post("/api/v1/sign-ins", json=body)
                assert answer.status_code == 201, (role, answer.text)
                bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
                me = client.get("/api/v1/me", headers=bearer).json()
                assert me["name"] == account.name
                assert role in {grant["role"] for grant in me["roles"]}
                assert client.get("/", headers=bearer).status_code in {200, 303}

    def test_the_command_lists_them(self, demo_database: Database, escouade: Escouade) -> None:
        as_json = escouade(demo_database, "demo", "accounts", "--json")
        assert as_json.status == 0
        assert [DemoAccount(**a) for a in json.loads(as_json.out)] == listed(demo_database)
        plain = escouade(demo_database, "demo", "accounts")
        assert plain.out.count(PASSWORD) == len(listed(demo_database))
        assert "Registrariat" in plain.out

    def test_another_load_is_refused(self, demo_database: Database, escouade: Escouade) -> None:
        assert escouade(demo_database, "demo").status == 1


def listed(database: Database) -> list[DemoAccount]:
    with database.transaction() as db:
        return accounts_of(db)


# The same twice ---------------------------------------------------------------------------------


SAME = """
select a.email, p.legal_first_name, p.legal_last_name, c.code, e.state, e.joined_on, g.recognised_minutes,
       g.attended_minutes, g.eligible::text, g.next_due_on, t.number, t.kind, t.issued_on,
       (select string_agg(j.competency_code || j.level, ' ' order by j.validated_at, j.competency_code)
          from judgement j where j.enrolment_id = e.id),
       (select string_agg(h.activity_code || coalesce(h.body, ''), ' ' order by h.received_at, h.activity_code)
          from hand_in h where h.enrolment_id = e.id)
  from account a join person p on p.id = a.person_id left join enrolment e on e.person_id = p.id
  left join cohort c on c.id = e.cohort_id left join progress g on g.enrolment_id = e.id
  left join certificate t on t.enrolment_id = e.id
 order by a.email, c.code, t.number
"""
"""What the same seed must reproduce, without row ids and random codes."""


def load_and_digest(url: str, seed: int, folder: Path) -> tuple[str, list[tuple[object, ...]]]:
    """Load the small plan; return the digest of the reproducible rows, and the rows."""
    database = opened(url)
    try:
        with database.transaction() as db:
            register_published(db)
        load(database, SITE, RING, FolderStore(folder), seed=seed, on=ON, places=("havre",), plans=SMALL)
        reproducible = rows(database, SAME)
        reproducible += rows(database, "select name, neq, sector, size from enterprise order by name, neq")
    finally:
        database.dispose()
    return hashlib.sha256(repr(reproducible).encode()).hexdigest(), reproducible


STATES = (
    CohortPlan("piekouagami", "GEN-3", "generaliste", -5, 2),
    CohortPlan("trois-saumons", "SPE-1", "specialise", 44, 2, phase="deployment"),
)


def test_demo_shows_a_cohort_in_each_state_beside_those_that_run(fresh_url: Callable[[], str]) -> None:
    """It enrols two cohorts' people: a draft and an archived one are added, and the oldest is closed.

    The draft has its first sessions already, a week apart, with the link of those online or hybrid.
    """
    database = opened(fresh_url())
    with database.transaction() as db:
        register_published(db)
    demo = DemoPlan(database, 135, ON, places=frozenset({"piekouagami", "trois-saumons"}), plans=STATES)
    populate_network(demo)
    show_cohort_states(demo)
    states = rows(database, "select state, count(*) from cohort group by 1 order by 1")
    assert states == [("archived", 1), ("closed", 1), ("draft", 1), ("open", 1)]
    in_draft = "select s.starts_at from scheduled_session s join cohort c on c.id = s.cohort_id where c.state = 'draft'"
    moments: list[Any] = [starts_at for (starts_at,) in rows(database, f"{in_draft} order by 1")]
    assert len(moments) == SERIES
    assert {(later - first).days % 7 for first, later in pairwise(moments)} <= {0, 6}, "6 where the clocks change"
    linked = "select s.mode, s.meeting_link is not null from scheduled_session s join cohort c on c.id = s.cohort_id"
    modes = rows(database, f"{linked} where c.state = 'draft'")
    assert {has_link for _, has_link in modes} == {True, False}
    assert all(has_link is (mode != "onsite") for mode, has_link in modes)
    unfinished = "select count(*) from enrolment e join cohort c on c.id = e.cohort_id where c.state = 'closed'"
    assert rows(database, unfinished + " and e.state in ('applied', 'admitted', 'active', 'on_leave')") == [(0,)]
    database.dispose()


def test_demo_shows_an_announcement_and_whom_letters_do_not_reach(demo_database: Database) -> None:
    [(reaches, messages)] = rows(
        demo_database,
        "select a.reaches, (select count(*) from notification n where n.event_key = 'announcement:' || a.id)"
        " from announcement a",
    )
    assert reaches == messages
    refused = "select e.state from letter l join enrolment e using (person_id) where l.reason = 'mailbox_full'"
    assert rows(demo_database, refused) == [("active",)]


def test_letters_to_write_carry_the_session_whose_room_has_changed(demo_database: Database) -> None:
    to_write = rows(
        demo_database,
        "select count(*) > 4, count(distinct session_entries -> 0 ->> 'id'),"
        " bool_and(session_entries -> 0 ->> 'location' like '%Local B-204')"
        " from notification where mail_due_at is not null",
    )
    assert to_write == [(True, 1, True)]


@pytest.mark.timeout(300)
def test_load_same_seed_and_day_gives_the_same_rows(fresh_url: Callable[[], str], tmp_path: Path) -> None:
    with ThreadPoolExecutor() as two:
        (first, reproducible), (second, _) = two.map(
            load_and_digest, (fresh_url(), fresh_url()), (135, 135), (tmp_path,) * 2
        )
    assert second == first
    assert {row[10] for row in reproducible if len(row) > 4} - {None}, "someone has a certificate"


def test_load_after_an_interrupted_one_starts_again(fresh_url: Callable[[], str]) -> None:
    """An interrupted load does not pass for a complete one: its rows are deleted and the load starts again."""
    database = opened(fresh_url())
    with database.transaction() as db:
        register_published(db)
    settings = Settings(environment="demo", base_url=SITE)
    with database.engine.begin() as owner:
        owner.execute(text("comment on schema public is 'demo under way'"))
        owner.execute(
            text(
                "insert into college (slug, name, city, region_code, number_prefix, timezone, is_sofeduc_member, "
                "authorised_kinds, late_join_pct, grace_hours) "
                "values ('reste', 'Reste', 'Alma', '02', 'RES', 'America/Toronto', false, '{}', 25, 48)"
            )
        )
    load_if_empty(database, settings, plans=SMALL)
    assert rows(database, "select count(*) from college where slug = 'reste'") == [(0,)]
    assert rows(database, "select count(*) from college") == [(len(PLACES),)]
    assert rows(database, "select obj_description('public'::regnamespace)") == [(None,)]
    load_if_empty(database, settings, plans=SMALL)
    assert rows(database, "select count(*) from cohort") == [(len(SMALL),)]
    database.dispose()


# Reviews ------------------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_reviews_and_panels_are_in_each_state(fresh_url: Callable[[], str], tmp_path: Path) -> None:
    """S5: decided, waiting for an assessor, before a committee; two who differ have no result."""
    database = opened(fresh_url())
    try:
        with database.transaction() as db:
            register_published(db)
        plan = next(plan for plan in COHORTS if (plan.place, plan.code) == ("piekouagami", "GEN-2"))
        load(database, SITE, RING, FolderStore(tmp_path), on=ON, places=("piekouagami",), plans=(plan,))
        panels = rows(database, PANELS)
        declared = rows(database, "select kind, count(detail_sealed) from interest group by 1")
        confirmed = rows(database, CONFIRMED)
    finally:
        database.dispose()
    assert set(panels) >= {("review", 1, 1, 1), ("review", 0, 0, 0), ("double", 2, 2, 0)}
    assert "committee" in {row[0] for row in panels}
    assert declared == [("person", 2)], "a trainer knows two people whom they judged (S6)"
    assert confirmed == [(True, True, True)], "one is confirmed, the hold lifted; the other one waits"


# The waitlist -----------------------------------------------------------------------------------


@pytest.mark.timeout(300)
def test_waitlist_shows_an_offer_that_expired_one_that_stands_and_someone_who_waits(
    fresh_url: Callable[[], str], tmp_path: Path
) -> None:
    """A load of one college takes some seconds."""
    database = opened(fresh_url())
    try:
        with database.transaction() as db:
            register_published(db)
        plan = next(plan for plan in COHORTS if (plan.place, plan.code) == ("piekouagami", "GEN-3"))
        load(database, SITE, RING, FolderStore(tmp_path), on=ON, places=("piekouagami",), plans=(plan,))
        offers = rows(database, "select answer from seat_offer order by id")
        assert offers == [("expired",), (None,)]
        counted = "select state, count(*) from enrolment group by state order by state"
        waiting = [row for row in rows(database, counted) if row[0] in {"declined", "offered", "waitlisted"}]
        assert waiting == [("declined", 1), ("offered", 1), ("waitlisted", 1)]
        full = "select seated, capacity from cohort where code like 'GEN-3%' and seated > 0"
        [(seated, capacity)] = rows(database, full)
        assert seated == capacity
    finally:
        database.dispose()
