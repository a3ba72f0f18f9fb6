"""The end of a signatory and the way back: what is issued since, what was issued before, batches under way."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from app.certificates.batches.jobs import issue_next, items_to_issue
from app.certificates.batches.schemas import ItemState
from app.certificates.issuing import service as issuing
from app.certificates.issuing.schemas import IssueCertificate
from app.cohorts.enrolments.service import see_enrolment
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.conftest import SITE
from tests.factories import eligible
from tests.factories.batches import batch_context, process_pending
from tests.factories.bulk_clone import PARTICIPATION, decide, make_eligible
from tests.factories.locks import wait_for_lock_waiters
from tests.factories.network import World, acting, as_
from tests.factories.statements import recorded_statements

API = "/api/v1"
HELENE, AGATHE = "Hélène Castonguay", "Agathe Second"


def listed(client: TestClient, world: World) -> dict[str, Any]:
    answer = client.get(f"{API}/colleges/{world.alma}/signatories")
    return answer.json()  # type: ignore[no-any-return]


def change(client: TestClient, world: World, name: str, verb: str, expected: int = 200) -> dict[str, Any]:
    lists = listed(client, world)
    [one] = [one for one in (*lists["items"], *lists["ended"]) if one["name"] == name]
    answer = client.post(f"{API}/signatories/{one['id']}/{verb}", json={"reason": "Départ à la retraite."})
    assert answer.status_code == expected, answer.text
    return answer.json()  # type: ignore[no-any-return]


def issue(client: TestClient, world: World, who: str, expected: int = 201) -> dict[str, Any]:
    path = f"{API}/enrolments/{world.enrolments[who]}/certificates"
    answer = client.post(path, json={"kind": "attestation_participation"})
    assert answer.status_code == expected, answer.text
    return answer.json()  # type: ignore[no-any-return]


def signed_by(database: Database) -> list[list[str]]:
    """Return the names of the signatories of each certificate, by number."""
    statement = text("select jsonb_path_query_array(record, '$.signatories[*].name') from certificate order by number")
    with database.engine.connect() as owner:
        return list(owner.execute(statement).scalars())


def test_ended_signatory_signs_nothing_new_and_stays_on_what_is_issued(
    client: TestClient, database: Database, world: World
) -> None:
    for name in (HELENE, AGATHE):
        eligible.sign(database, world, name)
    for who in ("maude", "karim"):
        eligible.attend(database, world, who)
    as_(client, database, world, "registrar")
    before = issue(client, world, "maude")
    change(client, world, HELENE, "end")
    issue(client, world, "karim")
    assert signed_by(database) == [[HELENE, AGATHE], [AGATHE]]
    assert client.get(f"{API}/certificates/{before['id']}").json()["record"] == before["record"]
    assert client.get(f"{API}/certificates/{before['id']}/pdf").content.startswith(b"%PDF-")


def test_end_of_the_last_signatory_refuses_and_says_what_to_do(
    client: TestClient, database: Database, world: World
) -> None:
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    assert listed(client, world)["nobody_signs"] is False
    change(client, world, HELENE, "end")
    assert listed(client, world)["nobody_signs"] is True
    refused = issue(client, world, "maude", 409)
    assert [error["code"] for error in refused["errors"]] == ["certificate_no_signatory"]
    assert "rétablissez une signature qui a pris fin" in refused["errors"][0]["message"]
    page = client.get(f"/colleges/{world.alma}/attestations").text
    assert "Personne ne signe aujourd’hui pour le collège" in page
    change(client, world, HELENE, "return")
    issue(client, world, "maude")
    assert signed_by(database) == [[HELENE]]


def test_history_names_who_ended_and_took_back_and_why(client: TestClient, database: Database, world: World) -> None:
    eligible.sign(database, world)
    as_(client, database, world, "registrar")
    shown = change(client, world, HELENE, "end")
    assert shown["ended_at"] is not None
    assert [one["name"] for one in listed(client, world)["items"]] == []
    assert [one["name"] for one in listed(client, world)["ended"]] == [HELENE]
    assert change(client, world, HELENE, "end", 409)["code"] == "signatory_ended"
    change(client, world, HELENE, "return")
    assert change(client, world, HELENE, "return", 409)["code"] == "signatory_not_ended"
    [one] = listed(client, world)["items"]
    assert one["ended_at"] is None
    by = {(c["is_end"], c["changed_by"], c["reason"]) for c in one["changes"]}
    assert {is_end for is_end, _, _ in by} == {True, False}
    assert {(name, reason) for _, name, reason in by} == {(by_name(database, world), "Départ à la retraite.")}


def by_name(database: Database, world: World) -> str:
    with database.transaction() as db:
        return acting(db, world, "registrar", P.CERTIFICATE_ISSUE).name


@pytest.mark.parametrize("verb", ["end", "return"])
def test_change_without_a_reason_is_refused(client: TestClient, database: Database, world: World, verb: str) -> None:
    eligible.sign(database, world)
    as_(client, database, world, "registrar")
    [one] = listed(client, world)["items"]
    assert client.post(f"{API}/signatories/{one['id']}/{verb}", json={"reason": " "}).status_code == 422


def test_signature_of_an_ended_signatory_is_refused(client: TestClient, database: Database, world: World) -> None:
    eligible.sign(database, world)
    as_(client, database, world, "registrar")
    ended = change(client, world, HELENE, "end")
    answer = client.put(f"{API}/signatories/{ended['id']}/signature", files={"file": ("s.png", b"x", "image/png")})
    assert (answer.status_code, answer.json()["code"]) == (409, "signatory_ended")


def test_page_ends_and_takes_back_and_lists_apart(client: TestClient, database: Database, world: World) -> None:
    eligible.sign(database, world)
    as_(client, database, world, "registrar")
    page = f"/colleges/{world.alma}/attestations"
    assert "Signatures qui ont pris fin" not in client.get(page).text
    [one] = listed(client, world)["items"]
    [action] = re.findall(rf'action="(/signataires/{one["id"]}/fin[^"]*)"', client.get(page).text)
    refused = client.post(html.unescape(action), data={"reason": ""})
    assert refused.status_code == 422
    assert "Mettre fin à la signature de" in refused.text
    client.post(f"/signataires/{one['id']}/fin", data={"reason": "Départ à la retraite."})
    shown = client.get(page).text
    assert "Signatures qui ont pris fin" in shown
    assert "Départ à la retraite." in shown
    client.post(f"/signataires/{one['id']}/retour", data={"reason": "Erreur de personne."})
    shown = client.get(page).text
    assert "Signatures qui ont pris fin" not in shown
    assert "Erreur de personne." in shown


# Batches under way ---------------------------------------------------------------------------------


def test_batch_under_way_goes_on_without_the_ended_signatory_and_says_so(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    batch = decide(database, world, make_eligible(database, world, 3))
    eligible.sign(database, world, AGATHE)
    as_(client, database, world, "registrar")
    context = batch_context(database, settings)
    issue_next(context, items_to_issue(database)[0])
    change(client, world, HELENE, "end")
    process_pending(context)
    assert signed_by(database) == [[HELENE, AGATHE], [AGATHE], [AGATHE]]
    shown = client.get(f"{API}/certificate-batches/{batch.id}").json()
    assert shown["ended_signatories"] == [HELENE]
    assert [item["state"] for item in shown["items"]] == [ItemState.DONE] * 3
    assert f"{HELENE} ne signe plus pour le collège" in client.get(f"/attestations/lots/{batch.id}").text


def test_batch_under_way_with_nobody_left_is_refused_then_decided_again(
    client: TestClient, database: Database, world: World, settings: Settings
) -> None:
    members = make_eligible(database, world, 2)
    batch = decide(database, world, members)
    as_(client, database, world, "registrar")
    context = batch_context(database, settings)
    issue_next(context, items_to_issue(database)[0])
    change(client, world, HELENE, "end")
    process_pending(context)
    shown = client.get(f"{API}/certificate-batches/{batch.id}").json()
    assert [item["state"] for item in shown["items"]] == [ItemState.DONE, ItemState.REFUSED]
    assert [why["code"] for why in shown["items"][1]["why"]] == ["certificate_no_signatory"]
    change(client, world, HELENE, "return")
    decide(database, world, members[1:])
    process_pending(context)
    assert signed_by(database) == [[HELENE], [HELENE]]


def test_end_waits_for_the_certificate_being_issued(client: TestClient, database: Database, world: World) -> None:
    """Else a certificate committed after the end would have the signature."""
    eligible.sign(database, world)
    eligible.attend(database, world, "maude")
    as_(client, database, world, "registrar")
    with ThreadPoolExecutor(1) as thread:
        with database.transaction() as db:
            actor = acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
            enrolment = see_enrolment(db, actor, world.enrolments["maude"])
            issuing.issue(db, actor, enrolment, IssueCertificate(kind=PARTICIPATION), site=SITE)
            ending = thread.submit(change, client, world, HELENE, "end")
            wait_for_lock_waiters(database, 1, ending)
        assert ending.result(30)["ended_at"] is not None
    assert signed_by(database) == [[HELENE]]


def test_change_of_a_signatory_reads_its_own_history_alone(
    client: TestClient, database: Database, world: World
) -> None:
    for name in (HELENE, AGATHE):
        eligible.sign(database, world, name)
    as_(client, database, world, "registrar")
    change(client, world, AGATHE, "end")
    with recorded_statements(database) as statements:
        shown = change(client, world, HELENE, "end")
    assert [one["is_end"] for one in shown["changes"]] == [True]
    histories = [s for s in statements if "FROM signatory_change" in s]
    assert ["signatory_change.signatory_id = " in s for s in histories] == [False, True], "the list, then the change"
