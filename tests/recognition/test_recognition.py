"""A dossier from its first piece to the decision, and what is refused on the way (S9)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.certificates.issuing.service import build_record, load_decision
from app.certificates.schemas import PrintedSignatory
from app.cohorts.enums import CohortState
from app.cohorts.models import Enrolment
from app.identity.roles.service import grant_role
from app.network.enums import CertificateKind
from app.network.models import College
from app.platform.clock import now
from app.platform.database.transaction import Database
from app.platform.messages.i18n import today
from app.platform.security.permissions import P, Role
from tests.factories.cohorts import set_state
from tests.factories.interests import declare
from tests.factories.learning import PDF
from tests.factories.network import World, acting, count
from tests.factories.panels import add_trainers
from tests.factories.recognition import API, BECAUSE, Dossier


@pytest.fixture
def dossier(client: TestClient, database: Database, world: World) -> Dossier:
    return Dossier(client, database, world)


def reasons(answer: Any) -> list[tuple[str | None, str]]:
    assert answer.status_code in {403, 409, 422}, answer.text
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def progress(dossier: Dossier) -> dict[str, Any]:
    read = dossier.as_("yves").get(f"{API}/enrolments/{dossier.world.enrolments['yves']}/progress")
    return dict(read.json())


def states(progress: dict[str, Any]) -> dict[str, str]:
    return {a["code"]: a["state"] for m in progress["modules"] for a in m["activities"]}


def test_claim_on_evidence_is_judged_by_a_specialist_and_a_signed_decision_gives_the_level(dossier: Dossier) -> None:
    """S9: each step has its person and its day; the person reads the level with the decision, not before."""
    piece = dossier.deposit()
    pix = dossier.deposit(
        title="PIX",
        credential_type="microcredential",
        issuer="Pix",
        obtained_on=(today() - timedelta(days=200)).isoformat(),
    )
    claim = dossier.claim(piece, pix).json()
    assert (claim["state"], [p["title"] for p in claim["pieces"]]) == ("received", ["Carte de processus", "PIX"])
    dossier.judged(claim["id"])
    to_judge = dossier.as_("trainer").get(f"{API}/me/prior-learning/claims-to-judge").json()["items"]
    assert [c["id"] for c in to_judge] == [claim["id"]]
    read = dossier.as_("yves").get(f"{API}/prior-learning/claims/{claim['id']}").json()
    assert (read["state"], read["steps"][1]["level"], read["steps"][1]["reason"]) == ("judged", None, None)
    decided = dossier.decided(claim["id"], granted=True).json()
    assert decided["state"] == "granted"
    read = dossier.as_("yves").get(f"{API}/prior-learning/claims/{claim['id']}").json()
    assert [(s["kind"], s["level"], s["recorded_by"]) for s in read["steps"]] == [
        ("named", None, "Régine Registraire"), ("judged", 2, "Théo Formation"), ("granted", 2, "Régine Registraire"),
    ]  # fmt: skip
    assert all(step["recorded_at"] for step in read["steps"])
    competencies = {c["code"]: c for c in progress(dossier)["competencies"]}
    assert (competencies["CN-09"]["level"], competencies["CN-09"]["recognised_level"]) == (2, 2)


def test_granted_competency_exempts_what_assesses_it_alone_and_certificates_print_the_hours_apart(
    dossier: Dossier, database: Database, world: World
) -> None:
    """S9, BR-29: GEN-4 assesses CN-09 alone; GEN-5 assesses CN-10 beside CN-02 and stays; UEC count hours followed."""
    before = progress(dossier)
    dossier.granted()
    dossier.granted("CN-10")
    after = progress(dossier)
    new = {code for code, state in states(after).items() if state == "exempted"}
    assert new == {"GEN-4.A", "GEN-4.B", "GEN-4.C"}
    assert (after["recognised_minutes"], after["prior_minutes"]) == (before["recognised_minutes"], 5 * 60)
    with database.transaction(colleges=[world.alma]) as db:
        acting(db, world, "registrar", P.CERTIFICATE_ISSUE)
        db.get_one(College, world.alma).is_sofeduc_member = True
        row = db.get_one(Enrolment, world.enrolments["yves"])
        decision = load_decision(db, row, CertificateKind.attestation_participation, now())
        signs = (PrintedSignatory(name="Anne Nom", title="Directrice"),)
        record = build_record(db, replace(decision, signatories=signs), "")
    assert (record.prior_minutes, record.followed_minutes, record.ceu) == (300, 0, "0.0")


def test_ceiling_codevelopment_and_a_claim_made_twice_are_refused_and_nothing_is_written(
    dossier: Dossier, database: Database, world: World
) -> None:
    """S9: 4 of the 9 competencies of the generalist path; the fifth is refused, and codevelopment always."""
    piece = dossier.deposit()
    for code in ("CN-02", "CN-03", "CN-08", "CN-09"):
        assert dossier.claim(piece, competency=code).status_code == 201
    assert reasons(dossier.claim(piece, competency="CN-10")) == [("competency_code", "recognition_ceiling")]
    assert reasons(dossier.claim(piece, competency="CN-11")) == [("competency_code", "codev_not_recognised")]
    assert reasons(dossier.claim(piece, competency="CN-09")) == [("competency_code", "competency_claimed")]
    assert reasons(dossier.claim(piece + 1000, competency="CN-10")) == [("pieces", "piece_unknown")]
    assert reasons(dossier.claim(competency="CN-12", level=1)) == [("pieces", "evidence_needed")]
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "prior_learning_claim") == 4


def test_credential_too_old_for_its_type_is_refused_with_the_reason(dossier: Dossier) -> None:
    """S9: a microcredential of four years is not accepted, a diploma of four years is."""
    old = (today() - timedelta(days=4 * 366)).isoformat()
    fields = {"title": "PIX", "issuer": "Pix", "obtained_on": old}
    client = dossier.as_("yves")
    refused = client.post(f"{dossier.path}/pieces", data={**fields, "credential_type": "microcredential"})
    assert reasons(refused) == [("obtained_on", "credential_too_old")]
    assert client.post(f"{dossier.path}/pieces", data={**fields, "credential_type": "diploma"}).status_code == 201
    assert reasons(client.post(f"{dossier.path}/pieces", data={"title": "Rien"})) == [("file", "piece_empty")]
    half = client.post(f"{dossier.path}/pieces", data={"title": "PIX", "credential_type": "diploma"})
    assert reasons(half) == [("issuer", "missing"), ("obtained_on", "missing")]
    assert len(client.get(dossier.path).json()["pieces"]) == 1


def test_specialist_is_neither_the_supervisor_nor_tied_nor_in_a_declared_conflict(
    dossier: Dossier, database: Database, world: World
) -> None:
    """S9: the supervisor whom the person names, a trainer of the same employer, one who declared an interest."""
    add_trainers(database, world, "elise")
    add_trainers(database, world, "karim", "nobody", cohort=False)
    with database.transaction(colleges=[world.alma]) as db:
        for who, employer in (("yves", "Coop des Bleuets"), ("karim", "COOP des bleuets")):
            db.get_one(Enrolment, world.enrolments[who]).employer = employer
    declare(database, world, "elise", kind="person", about_id=world.people["yves"])
    claim = dossier.claim(dossier.deposit(), supervisor="THEO formation").json()["id"]
    for who in ("trainer", "karim", "elise", "yves", "other_trainer"):
        assert reasons(dossier.named(claim, who)) == [("specialist_id", "specialist_not_able")], who
    page = dossier.as_("registrar").get(f"/acquis/{claim}").text
    assert "Noé Sansrôle" in page
    assert "Karim Haddad" not in page
    assert dossier.named(claim, "nobody").status_code == 201
    with database.transaction(colleges=[world.alma]) as db:
        assert count(db, "prior_learning_step") == 1


def test_specialist_decides_nothing_and_the_registrar_decides_on_a_level_alone(
    dossier: Dossier, database: Database, world: World
) -> None:
    """The registrar who was the specialist is refused; nobody decides before a level, nor grants one not shown."""
    with database.transaction(colleges=[world.alma]) as db:
        grant_role(db, world.people["registrar"], Role.TRAINER, college_id=world.alma)
        grant_role(db, world.people["coordinator"], Role.REGISTRAR, college_id=world.alma)
    claim = dossier.claim(dossier.deposit()).json()["id"]
    assert reasons(dossier.decided(claim, granted=True)) == [(None, "recognition_step_done")]
    dossier.judged(claim, "registrar", level=None)
    assert dossier.decided(claim, granted=False).json()["code"] == "second_person_needed"
    assert reasons(dossier.decided(claim, granted=True, who="coordinator")) == [("granted", "no_level_shown")]
    assert dossier.decided(claim, granted=False, who="coordinator").status_code == 201
    assert reasons(dossier.decided(claim, granted=False, who="coordinator")) == [(None, "recognition_step_done")]


def test_refusal_is_reviewed_once_by_another_specialist(dossier: Dossier, database: Database, world: World) -> None:
    """S9: the person asks with a reason; the former specialist is not offered; the second decision is final."""
    add_trainers(database, world, "nobody", cohort=False)
    claim = dossier.claim(dossier.deposit()).json()["id"]
    dossier.judged(claim, level=1)
    assert dossier.decided(claim, granted=False).status_code == 201
    assert dossier.step("yves", claim, "review", reason=BECAUSE).json()["state"] == "review_asked"
    assert reasons(dossier.named(claim, "trainer")) == [("specialist_id", "specialist_not_able")]
    dossier.judged(claim, "nobody", level=2)
    assert dossier.decided(claim, granted=True).json()["state"] == "granted"
    assert states(progress(dossier))["GEN-4.A"] == "exempted"
    again = dossier.claim(dossier.deposit(), competency="CN-08").json()["id"]
    for who in ("trainer", "nobody"):
        dossier.judged(again, who, level=1)
        dossier.decided(again, granted=False)
        review = dossier.step("yves", again, "review", reason=BECAUSE)
    assert reasons(review) == [(None, "recognition_reviewed")]


def test_claim_is_taken_back_until_it_is_decided_and_may_be_made_again(dossier: Dossier) -> None:
    piece = dossier.deposit()
    claim = dossier.claim(piece).json()["id"]
    dossier.judged(claim)
    assert dossier.step("yves", claim, "withdrawal").json()["state"] == "withdrawn"
    assert reasons(dossier.decided(claim, granted=True)) == [(None, "recognition_step_done")]
    assert reasons(dossier.step("yves", claim, "withdrawal")) == [(None, "recognition_step_done")]
    assert dossier.claim(piece).status_code == 201


def test_files_are_read_by_the_person_the_registrar_and_the_specialist_named_and_nobody_else(
    dossier: Dossier, database: Database, world: World
) -> None:
    piece = dossier.deposit()
    other = dossier.deposit(title="Pour une autre demande")
    claim = dossier.claim(piece).json()["id"]
    file = f"{API}/prior-learning/pieces/{piece}/file"
    read = {who: dossier.as_(who).get(file).status_code for who in ("yves", "registrar", "trainer", "maude")}
    assert read == {"yves": 200, "registrar": 200, "trainer": 404, "maude": 404}
    dossier.named(claim)
    assert dossier.as_("trainer").get(file).content == PDF
    assert dossier.as_("trainer").get(f"{API}/prior-learning/pieces/{other}/file").status_code == 404
    assert dossier.as_("coordinator").get(file).status_code == 403


def test_pages_go_from_the_dossier_to_the_signed_decision(dossier: Dossier, world: World) -> None:
    here = f"/parcours/{world.enrolments['yves']}/acquis"
    pages = dossier.as_("yves")
    sent = pages.post(
        f"{here}/pieces", data={"title": "Carte"}, files={"file": ("carte.pdf", PDF)}, follow_redirects=False
    )
    assert (sent.status_code, sent.headers["location"]) == (303, here)
    piece = pages.get(dossier.path).json()["pieces"][0]["id"]
    form = {"competency_code": "CN-09", "level": "2", "statement": "Quinze ans.", "pieces": [piece]}
    assert pages.post(here, data=form, follow_redirects=False).status_code == 303
    twice = pages.post(here, data=form)
    assert twice.status_code == 409
    assert "déjà demandée" in twice.text
    claim = pages.get(dossier.path).json()["claims"][0]["id"]
    path, registrar = f"/acquis/{claim}", dossier.as_("registrar")
    assert "GEN-4.A" in registrar.get(path).text, "what the level would exempt is shown before the decision"
    named = {"specialist_id": world.people["trainer"]}
    assert registrar.post(f"{path}/specialiste", data=named, follow_redirects=False).status_code == 303
    trainer = dossier.as_("trainer")
    assert path in trainer.get("/acquis").text
    given = trainer.post(f"{path}/niveau", data={"level": "", "reason": BECAUSE}, follow_redirects=False)
    assert given.status_code == 303
    registrar = dossier.as_("registrar")
    assert path in registrar.get(f"/colleges/{world.alma}/acquis").text
    decided = {"granted": "false", "reason": BECAUSE}
    assert registrar.post(f"{path}/decision", data=decided, follow_redirects=False).status_code == 303
    assert here in registrar.get(path).text, "a decided claim still leads to the dossier"
    own = dossier.as_("yves").get(path).text
    assert "Demander une révision" in own
    assert BECAUSE in own


def test_each_step_tells_whoever_acts_next(dossier: Dossier, database: Database, world: World) -> None:
    claim = dossier.claim(dossier.deposit()).json()["id"]
    dossier.judged(claim)
    dossier.decided(claim, granted=True)
    told = {}
    for who in ("yves", "trainer", "registrar"):
        items = dossier.as_(who).get(f"{API}/me/notifications").json()["items"]
        told[who] = sorted(n["kind"] for n in items if n["kind"].startswith("recognition"))
    assert told == {
        "yves": ["recognition_decided", "recognition_step", "recognition_step"],
        "trainer": ["recognition_to_judge"],
        "registrar": ["recognition_waiting", "recognition_waiting"],
    }


def test_dossier_of_an_archived_cohort_is_only_read(dossier: Dossier, database: Database, world: World) -> None:
    claim = dossier.claim(dossier.deposit()).json()["id"]
    set_state(database, world, CohortState.ARCHIVED)
    assert dossier.step("yves", claim, "withdrawal").json()["code"] == "cohort_archived"
    assert dossier.as_("yves").get(dossier.path).status_code == 200
