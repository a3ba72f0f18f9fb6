"""What the database refuses twice: eight requests at the same moment, without a key, make one.

The table is closed to new rows until the requests have asked whether what they add stands already, so that they all
believe that nothing does: a check in Python alone then makes as many.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy import text

from app.features import METADATA
from app.platform.database.transaction import Database
from app.platform.database.uniqueness import KEY, unique_rules
from app.platform.messages.i18n import today
from tests.factories import codev, eligible
from tests.factories.accompaniment import NEQ
from tests.factories.activities import complete_prerequisites
from tests.factories.cohorts import page
from tests.factories.forms import form_to
from tests.factories.locks import lock_waiters
from tests.factories.network import PARTICIPANTS, STARTED, World, as_
from tests.factories.waiting import wait_until

V1 = "/api/v1"
AT_ONCE = 8
LOOKS = 6
"""How often, a twentieth of a second apart, the test looks at two that wait before it lets them go on."""
TWO_WAIT = 30.0
"""Seconds in which two requests wait for a lock at the same moment, else the test fails."""
START = f"{STARTED}T13:00:00-05:00"
VENUE = {"name": "Bibliothèque", "address": "1, rue du Pont", "city": "Alma", "timezone": "America/Toronto"}

SERIALISED = {
    "transfer_id_to_college_id": "an id is unique by itself",
    "transfer_one_open": "the enrolment is locked before its transfers are read",
    "carried_file_transfer_id": "the transfer is locked before its state is read",
    "carried_file_supersedes_id": "the enrolment is locked before what it received is read",
    "certificate_one_valid": "the enrolment is locked before its certificates are read",
    "certificate_college_id_year_sequence": "the counter of the year is locked",
    "certificate_number": "made of the college's prefix, the year and the sequence",
    "activity_completion_first": "the enrolment is locked before what it did is read",
    "activity_completion_supersedes_id": "the enrolment is locked before what it did is read",
    "hand_in_enrolment_id_activity_code_attempt": "the enrolment is locked before its attempts are counted",
    "countersignature_first": "the enrolment is locked before its hours are read",
    "countersignature_supersedes_id": "the enrolment is locked before its hours are read",
    "trace_share_in_force": "the enrolments of the team are locked before its shares are read",
    "hold_lift_hold_id": "the person's enrolments are locked before the lift is read",
    "work_decision_about": "the enrolment is locked before what was decided on its work is read",
    "work_assignment_first": "the enrolment is locked before its assignments are read",
    "work_assignment_supersedes_id": "the enrolment is locked before its assignments are read",
    "assessor_exception_enrolment_id_assessor_id": "two at once are one exception: the second is refused by the table",
    "panel_seat_panel_id_assessor_id": "the enrolment is locked before the seats are read",
    "panel_seat_supersedes_id": "the enrolment is locked before the seats are read",
    "panel_opinion_panel_id_assessor_id_round": "the enrolment is locked before what was said is read",
    "panel_decision_panel_id": "the enrolment is locked before the decision is read",
    "judgement_supersedes_id": "the enrolment is locked before its judgements are read",
    "judgement_draft_form": "of two first saves, one begins the draft and the other is told of it",
    "certificate_supersedes_id": "the certificate is locked before it is replaced",
    "mandate_milestone_first": "the mandate is locked before its milestones are read",
    "mandate_milestone_supersedes_id": "the mandate is locked before its milestones are read",
    "roll_call_first": "the session is locked before its roll is read",
    "roll_call_supersedes_id": "the session is locked before its roll is read",
    "check_in_opening_one_open": "the session is locked before its opening is read",
    "check_in_opening_id_enrolment_id": "the enrolment is locked before its check-in is read",
    "codev_concern_entrance_id_membership_id": "the entrance is locked before its concerns are read",
    "codev_agreement_group_id_person_id_contract_version_composition": "the group is locked before agreements are read",
    "codev_live_event_session_id_version": "the session is locked before its events are read",
    "codev_record_first": "the session is locked before its record is read",
    "codev_record_supersedes_id": "the session is locked before its record is read",
    "codev_group_key_group_id": "the group is locked before its key is made",
    "advisor_profile_person_id": "the person is locked before their profile is read",
    "profile_expertise_person_id_competency": "as above",
    "rating_box_session_id": "the group is locked before its box is read",
    "rating_answered_session_id_membership_id": "as above",
    "session_writing_session_id_membership_id_kind_position": "the membership is locked before its writing is read",
    "preparation_sheet_session_id_membership_id": "the membership is locked before its sheet is read",
}
"""Rules that two requests at once cannot reach: the second one waits, then reads what the first one wrote."""
ONE_COMMAND = {
    "batch_item_batch_id_enrolment_id_kind": "a command names each certificate once",
    "batch_item_certificate_id": "one worker issues a batch at a time",
    "codev_presence_record_id_membership_id": "a record has one line a member",
    "codev_turn_record_id_position": "a record has one turn a position",
    "roll_call_entry_roll_call_id_enrolment_id": "a roll has one line a person",
    "role_assignment_session_id_position_membership_id": "a plan is written whole, the session locked",
    "seat_offer_one_open": "the cohort is locked before its seats are offered",
    "role_assignment_one_client": "a plan is written whole, the session locked",
    "mandate_advisor_mandate_id_person_id": "a mandate is opened with its advisors",
    "account_person_id": "an account is opened with its person",
    "college_key_college_id_name": "keys are made by one transaction that holds the college",
    "judgement_draft_text_draft_id": "a draft is begun with its text",
    "audit_seal_entry_id": "entries are sealed by one worker at a time",
    "progress_enrolment_id": "the enrolment is locked before its progress is written",
}
"""Rules within what one transaction writes."""
SAME_AGAIN = {
    "consent_standing": "giving a consent twice changes nothing: whoever comes second reads it again",
    "role_held_once": "granting a role twice changes nothing",
    "role_proposal_one_open": "proposing a role twice changes nothing",
    "management_link_college_id_manager_id_member_id": "declaring a link twice changes nothing",
    "codev_membership_current": "the group is locked; someone added to two groups at once belongs to one",
    "idempotent_request_person_id_key": "the key is locked",
    "mail_preference_person_id": "one's own first choices, sent twice",
    "notification_person_id_kind_event_key": "announcing an event twice adds nothing",
}
"""Rules whose loser reads that someone has just changed the same thing, which is what happened."""
KEPT = {
    "accompanied_count_college_id_project_id_region_code": "a trigger adds to the row that stands",
    "accompanied_enterprise_project_id_identity": "a trigger adds to the row that stands",
    "project_person_project_id_person_id": "a trigger locks the person, then adds to the row that stands",
}
"""Rules of figures that the database keeps itself: nobody writes them (docs/decisions/0028)."""
SECRETS = {
    "address_change_token_hash", "api_token_token_hash", "calendar_feed_secret_hash", "certificate_code",
    "oidc_flow_state_hash", "password_reset_token_hash", "sign_in_secret_hash",
}  # fmt: skip
"""Digests and codes of random values."""


def test_every_unique_rule_says_what_it_refuses() -> None:
    """A unique constraint that is new says its refusal, or why two requests at once cannot reach it."""
    assert METADATA.tables
    rules = {name.removeprefix("uq_"): rule for name, rule in unique_rules().items()}
    keys_of_children = {f"{table}_id_college_id" for table in METADATA.tables}
    silent = {name for name, rule in rules.items() if KEY not in rule.info} - keys_of_children
    assert silent == {*SERIALISED, *ONE_COMMAND, *SAME_AGAIN, *KEPT, *SECRETS}


# Requests at once --------------------------------------------------------------------------------


@contextmanager
def closed_until_all_wait(database: Database, table: str) -> Iterator[Callable[[], None]]:
    """Close a table to new rows; yield what opens it, once eight transactions wait, or two since a moment.

    A request waits two seconds for a lock: on a busy machine fewer than eight are there in time, and two suffice to
    make two. Where two never wait, the test would show nothing, and fails.
    """
    with database.engine.connect() as owner, lock_waiters(database) as waiters:
        owner.execute(text(f"lock table {table} in share mode"))
        looks = 0

        def enough_wait() -> bool:
            nonlocal looks
            waiting = waiters()
            looks += waiting > 1
            return waiting >= AT_ONCE or (waiting > 1 and looks > LOOKS)

        def open_table() -> None:
            wait_until(enough_wait, TWO_WAIT)
            owner.rollback()

        yield open_table


def at_once(database: Database, table: str, send: Callable[[int], Response]) -> list[Response]:
    """Return the responses to eight requests, several of which asked for what stands before any added its row."""
    with closed_until_all_wait(database, table) as open_table, ThreadPoolExecutor(AT_ONCE) as threads:
        sent = [threads.submit(send, n) for n in range(AT_ONCE)]
        open_table()
        return [one.result() for one in sent]


LOCKED = (503, "locked")
"""The answer to whoever waited two seconds for those before."""
LATE = {"batch": (409, "batch_empty")}
"""The answer to whoever asks once another one was made, where it is not that of the constraint."""


def codes(answers: list[Response]) -> Counter[tuple[int, str]]:
    """Return how many responses had each status and code."""
    return Counter((a.status_code, a.json().get("code", "") if a.status_code >= 400 else "") for a in answers)


def prepared(database: Database, world: World, case: str) -> None:
    """Make what a case needs."""
    if case == "hours":
        complete_prerequisites(database, world, "maude")
    elif case == "plan":
        world.enrolments["group"] = codev.create_group(database, world).id
    elif case == "batch":
        eligible.sign(database, world)
        for who in PARTICIPANTS:
            eligible.attend(database, world, who)


def request_of(case: str, world: World) -> tuple[str, str, dict[str, Any]]:
    """Return who sends a case, its path and its body."""
    alma, cohort = f"{V1}/colleges/{world.alma}", f"{V1}/cohorts/{world.cohort}"
    members = [world.enrolments[who] for who in PARTICIPANTS]
    cohort_body = {
        "project_id": world.project, "region_code": "02", "code": "GEN-ALM-2", "title": "Généraliste d’hiver",
        "curriculum_slug": "generaliste", "curriculum_version": "1.0", "starts_on": "2026-11-30", "place": "Alma",
    }  # fmt: skip
    requests: dict[str, tuple[str, str, dict[str, Any]]] = {
        "invitation": ("registrar", f"{alma}/invitations", {"email": "zoe@alma.example.com", "role": "trainer"}),
        "invitation to apply": ("registrar", f"{alma}/invitations", {"email": "zoe@alma.example.com"}),
        "invitation to a cohort": (
            "registrar",
            f"{alma}/invitations",
            {"email": "zoe@alma.example.com", "role": "trainer", "cohort_id": world.cohort},
        ),
        "session": ("coordinator", f"{cohort}/sessions", {"activity_code": "GEN-1.B", "starts_at": START}),
        "cohort": ("coordinator", f"{alma}/cohorts", cohort_body),
        "application": ("nobody", f"{cohort}/applications", {"motive": "Aider.", "employer_agrees": True}),
        "group": (
            "coordinator",
            f"{cohort}/codev-groups",
            {"name": "A", "enrolment_ids": members, "facilitator_id": world.people["facilitator"]},
        ),
        "enterprise": (
            "coordinator",
            f"{alma}/enterprises",
            {"name": "Scierie", "neq": NEQ, "sector": "Bois", "size": "1-4", "region_code": "02"},
        ),
        "venue": ("coordinator", f"{V1}/venues", {**VENUE, "college_id": world.alma}),
        "venue of the network": ("admin", f"{V1}/venues", VENUE),
        "catch-up": (
            "trainer",
            f"{V1}/enrolments/{world.enrolments['maude']}/catch-ups",
            {"activity_code": "GEN-1.B", "due_on": str(today() + timedelta(days=7))},
        ),
        "signatory": (
            "registrar",
            f"{alma}/signatories",
            {"name": "Hélène Castonguay", "title": "Directrice", "valid_from": "2026-01-01"},
        ),
        "batch": (
            "registrar",
            f"{alma}/certificate-batches",
            {"items": [{"enrolment_id": members[0], "kind": "attestation_participation"}]},
        ),
        "plan": (
            "coordinator",
            f"{V1}/codev/groups/{world.enrolments.get('group')}/sessions",
            {"activity_code": "GEN-7.A", "starts_at": START},
        ),
        "hours": (
            "maude",
            f"{V1}/enrolments/{world.enrolments['maude']}/field-hours",
            {"activity_code": "GEN-8.A", "minutes": 120, "worked_on": str(today() - timedelta(days=1))},
        ),
    }
    return requests[case]


@pytest.mark.parametrize(
    ("case", "table", "code", "field"),
    [
        ("invitation", "invitation", "already_invited", "email"),
        ("invitation to apply", "invitation", "already_invited", "email"),
        ("invitation to a cohort", "invitation", "already_invited", "email"),
        ("session", "scheduled_session", "session_planned", "starts_at"),
        ("cohort", "cohort", "cohort_code_taken", "code"),
        ("application", "enrolment", "already_applied", None),
        ("group", "codev_group", "codev_group_name_taken", "name"),
        ("enterprise", "enterprise", "neq_taken", "neq"),
        ("venue", "venue", "venue_exists", "name"),
        ("venue of the network", "venue", "venue_exists", "name"),
        ("catch-up", "catch_up", "catch_up_assigned", None),
        ("signatory", "signatory", "signatory_exists", "name"),
        ("batch", "batch_item", "certificate_awaited", None),
        ("plan", "codev_session", "codev_activity_planned", "activity_code"),
    ],
)
def test_same_request_eight_times_at_once_makes_one(
    client: TestClient, database: Database, world: World, *, case: str, table: str, code: str, field: str | None
) -> None:
    prepared(database, world, case)
    who, path, body = request_of(case, world)
    as_(client, database, world, who)
    answers = at_once(database, table, lambda _: client.post(path, json=body))
    answered = codes(answers)
    assert answered[201, ""] == 1, answered
    assert answered[409, code] > 0, answered
    assert answered.keys() <= {(201, ""), (409, code), LOCKED, LATE.get(case)}, answered
    refused = [a.json() for a in answers if (a.status_code, a.json().get("code")) == (409, code)]
    assert {e["field"] for r in refused for e in r.get("errors", ())} == ({field} if field else set())
    assert all(r["title"] for r in refused)
    again = client.post(path, json=body)
    assert (again.status_code, again.json()["code"]) == LATE.get(case, (409, code))


def test_same_hours_declared_eight_times_at_once_are_declared_once(
    client: TestClient, database: Database, world: World
) -> None:
    prepared(database, world, "hours")
    who, path, body = request_of("hours", world)
    as_(client, database, world, who)
    answers = at_once(database, "field_hours", lambda _: client.post(path, json=body))
    assert len({a.json()["id"] for a in answers if a.status_code < 400}) == 1, answers[0].text
    assert {a.status_code for a in answers} <= {201, 200, 503}


def test_form_sent_twice_at_once_comes_back_with_the_error_beside_its_field(
    client: TestClient, database: Database, world: World
) -> None:
    """Two people plan the same session: whoever comes second gets their form back, with what they typed."""
    as_(client, database, world, "coordinator")
    path = f"/cohortes/{world.cohort}/seances"
    typed = {"activity_code": "GEN-1.B", "day": str(STARTED), "clock": "13:00", "place": "Salle 12"}
    actions = [form_to(page(client.get(path)), path).action for _ in range(AT_ONCE)]
    answers = at_once(database, "scheduled_session", lambda n: client.post(actions[n], data=typed))
    statuses = Counter(a.status_code for a in answers)
    assert statuses[303] == 1, answers[0].text
    assert statuses[409] > 0
    assert statuses.keys() <= {303, 409, 503}
    refused = page(next(a for a in answers if a.status_code == 409), 409)
    assert "a déjà une séance" in refused
    assert 'value="Salle 12"' in refused
    assert 'aria-describedby="day-error' in refused or 'id="day-error' in refused, refused
