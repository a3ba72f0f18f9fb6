"""``escouade certificates keys``: a college's keys, listed and rotated."""

import re
from pathlib import Path

from sqlmodel import select

from app.certificates.badges.college_keys import key_binding
from app.certificates.badges.models import CollegeKey
from app.platform.database.transaction import Database
from app.platform.security.keyring import KeyPurpose, Keyring, load
from tests.cli.conftest import Escouade


def test_keys_are_listed_and_rotated(escouade: Escouade, database: Database) -> None:
    none = escouade(database, "certificates", "keys", "alma")
    assert (none.status, none.err) == (0, "")
    assert none.out.startswith("Aucune clé")
    first = escouade(database, "certificates", "keys", "alma", "--rotate")
    assert re.fullmatch(r"cle-1 : z6Mk\w+, signe depuis le .*\n", first.out)
    second = escouade(database, "certificates", "keys", "alma", "--rotate").out.splitlines()
    assert [re.sub("z6Mk.*,", "", line).split(" le ")[0] for line in second] == [
        "cle-1 :  retirée", "cle-2 :  signe depuis",
    ]  # fmt: skip
    assert escouade(database, "certificates", "keys", "alma").out.splitlines() == second
    assert escouade(database, "certificates", "keys", "rouyn").out.startswith("Aucune clé")


def test_keys_unknown_college_is_refused(escouade: Escouade, database: Database) -> None:
    for words in (("keys", "nulle-part"), ("keys", "nulle-part", "--rotate")):
        done = escouade(database, "certificates", *words)
        assert (done.status, done.out) == (1, "")
        assert done.err


def test_reseal_encrypts_college_keys_under_the_new_key(escouade: Escouade, database: Database, tmp_path: Path) -> None:
    escouade(database, "certificates", "keys", "alma", "--rotate")
    keyring = tmp_path / "keyring.json"
    before = load(keyring)
    escouade(database, "keys", "rotate")
    assert "clés de justificatifs, 1;" in escouade(database, "keys", "reseal").out
    alone = Keyring(2, {2: load(keyring).keys[2]})
    with database.as_owner() as db:
        row = db.exec(select(CollegeKey)).one()
        assert len(alone.decrypt(KeyPurpose.BADGE, row.private_sealed, bound=key_binding(row))) == 64
    assert before.current == 1
