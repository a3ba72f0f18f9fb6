"""A person's own quorum of codevelopment (BR-09): who can no longer meet it is shown where it can be mended (S2)."""

from datetime import timedelta

from fastapi.testclient import TestClient

from app.codev.groups import service as groups
from app.codev.records.schemas import RecordCommand
from app.platform.database.transaction import Database
from app.platform.security.permissions import P
from tests.factories import codev
from tests.factories.network import World, acting, as_

TOO_FEW = "Le nombre de séances exigé ne peut plus être atteint dans ce groupe"
TITLE = "Codéveloppement hors d’atteinte"


def hold_without_maude(database: Database, world: World, group_id: int, code: str, days: int) -> None:
    """Hold a session of a group of five, four of whom are present."""
    session_id = codev.plan_session(database, world, group_id, code, codev.FIRST + timedelta(days=days))
    with database.transaction() as db:
        actor = acting(db, world, "coordinator", P.CODEV_MANAGE)
        group = groups.group(db, groups.see_group(db, actor, group_id))
    ids = codev.membership_ids(group)
    entries = codev.presences(group, absent=(ids["maude"],))
    codev.close_record(database, world, session_id, RecordCommand(entries=entries, turns=(codev.turn(ids["karim"]),)))


def test_member_who_missed_too_many_sessions_is_shown_on_their_page_and_on_the_board(
    client: TestClient, database: Database, world: World
) -> None:
    """Nobody missed a workshop: nothing else would lead to what is left of their codevelopment."""
    group = codev.create_group(database, world)
    codev.join_group(database, world, group.id, "nobody")
    board, own = f"/cohortes/{world.cohort}", f"/inscriptions/{world.enrolments['maude']}"
    as_(client, database, world, "coordinator")
    hold_without_maude(database, world, group.id, "GEN-7.A", 0)
    assert TITLE not in client.get(board).text
    assert TOO_FEW not in client.get(own).text
    hold_without_maude(database, world, group.id, "GEN-7.B", 1)
    shown = client.get(board).text
    part = shown[shown.index(TITLE) :].split("</section>")[0]
    assert f'href="{own}"' in part
    assert "Il faut encore 3 séances, et il en reste 2." in part
    assert part.count("<li>") == 1, "the others attended two, and two are left"
    page = client.get(own).text
    assert TOO_FEW in page
    assert f'href="{own}/liste-de-rattrapage"' in page
    assert TOO_FEW in client.get(f"{own}/liste-de-rattrapage").text
    assert TOO_FEW not in client.get(f"/inscriptions/{world.enrolments['karim']}").text
    assert TOO_FEW in as_(client, database, world, "maude").get(own).text


def test_late_joiner_whose_quorum_is_out_of_reach_is_announced_before_they_are_admitted(
    client: TestClient, database: Database, world: World
) -> None:
    said = "Une personne admise maintenant n’aura pas le nombre exigé"
    page = f"/cohortes/{world.cohort}/candidatures"
    as_(client, database, world, "coordinator")
    assert said not in client.get(page).text, "no group has begun"
    group_id = codev.create_group(database, world).id
    codev.plan_session(database, world, group_id, "GEN-7.A")
    assert said not in client.get(page).text, "three are left, and three are needed"
    own = client.get(f"/inscriptions/{world.enrolments['maude']}/liste-de-rattrapage").text.replace("\u00a0", " ")
    assert "Codéveloppement : il faut encore 3 séances, et il en reste 3 dans le groupe." in own
    assert TOO_FEW not in own
    codev.plan_session(database, world, group_id, "GEN-7.B", codev.FIRST + timedelta(days=1))
    assert said in client.get(page).text
    codev.enrol(database, world, "nobody")
    admitted = client.get(f"/inscriptions/{world.enrolments['nobody']}").text
    assert "et cette personne n’a pas de groupe" in admitted
    assert "le groupe à qui il en reste le plus en tiendra 2" in admitted
