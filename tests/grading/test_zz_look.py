import re
from pathlib import Path
from fastapi.testclient import TestClient
from app.cohorts.models import EnrolmentState
from app.db import Database
from tests.grading.samples import ALL_CN01, attended, command, hand_in, judge, mandate
from tests.reports.samples import accompany, settle
from tests.world import World, as_
def save(name, text):
    Path(f"/tmp/shots/{name}.html").write_text(text.replace('"/static/', '"file:///work/main/app/static/'))
def test_look(client: TestClient, database: Database, world: World) -> None:
    ref = hand_in(database, world, days=20); hand_in(database, world, "karim"); mandate(database, world); attended(database, world)
    hand_in(database, world, "elise", code="GEN-5.C", days=4)
    first = judge(database, world, command(ref)); judge(database, world, command(ref, level=3, criteria_met=ALL_CN01, supersedes=first.id, reason="Nouvelle preuve"))
    hand_in(database, world, days=16, attempt=2)
    as_(client, database, world, "trainer")
    save("queue", client.get("/jugements").text)
    save("bench", client.get(f"/parcours/1/jugements/CN-01?preuve={ref.id}").text)
    save("report", client.get("/rapports/cohortes/1").text)
    settle(database, world, "08", *[EnrolmentState.ACTIVE]*3); settle(database, world, "10", *[EnrolmentState.COMPLETED]*9)
    for i in range(8): accompany(database, world, f"S{i}")
    as_(client, database, world, "registrar")
    save("list", client.get("/rapports").text)
    as_(client, database, world, "maude"); save("mine", client.get("/parcours/1/jugements/CN-01").text)
    as_(client, database, world, "observer"); save("indic", client.get("/indicateurs").text)
