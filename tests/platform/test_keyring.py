"""The keyring: what it seals opens in its place and for its use only; its file is made once, for its owner's eyes."""

import json
import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.platform.config import Settings, unsafe
from app.platform.errors import Unavailable
from app.platform.locations import ROOT
from app.platform.security.keyring import Keyring, Use, load, make, new_keyring, rotate, save, version_of, weaknesses

RING = new_keyring()
USES = sorted(Use)


@given(st.text(max_size=200), st.sampled_from(USES), st.text(max_size=40))
def test_what_is_sealed_opens(plain: str, use: Use, place: str) -> None:
    sealed = RING.encrypt(use, plain, bound=place)
    assert RING.decrypt(use, sealed, bound=place) == plain
    assert sealed != RING.encrypt(use, plain, bound=place), "two seals of one secret tell nothing of it"


@pytest.mark.parametrize("other", USES)
@pytest.mark.parametrize("use", USES)
def test_uses_do_not_open_each_other(use: Use, other: Use) -> None:
    sealed = RING.encrypt(use, "secret", bound="account:1")
    if use is other:
        assert RING.decrypt(other, sealed, bound="account:1") == "secret"
    else:
        with pytest.raises(Unavailable, match="seal_broken"):
            RING.decrypt(other, sealed, bound="account:1")
        assert RING.mac(use, b"same") != RING.mac(other, b"same")


def test_a_seal_that_was_moved_does_not_open() -> None:
    sealed = RING.encrypt(Use.TOTP, "secret", bound="account:1")
    with pytest.raises(Unavailable, match="seal_broken"):
        RING.decrypt(Use.TOTP, sealed, bound="account:2")


def test_a_seal_altered_anywhere_does_not_open() -> None:
    sealed = RING.encrypt(Use.TOTP, "secret", bound="account:1")
    head, body = sealed.split(".")
    for at, sign in enumerate(body.rstrip("=")[:-1]):
        altered = f"{head}.{body[:at]}{'A' if sign != 'A' else 'B'}{body[at + 1 :]}"
        with pytest.raises(Unavailable, match="seal_broken"):
            RING.decrypt(Use.TOTP, altered, bound="account:1")


def test_another_ring_opens_nothing() -> None:
    sealed = RING.encrypt(Use.OIDC, "secret", bound="issuer")
    with pytest.raises(Unavailable, match="seal_broken"):
        new_keyring().decrypt(Use.OIDC, sealed, bound="issuer")


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    old = RING.encrypt(Use.TOTP, "secret", bound="account:1")
    turned = RING.rotated()
    new = turned.encrypt(Use.TOTP, "secret", bound="account:1")
    assert (version_of(old), version_of(new)) == (1, 2)
    assert (
        turned.decrypt(Use.TOTP, old, bound="account:1") == turned.decrypt(Use.TOTP, new, bound="account:1") == "secret"
    )
    assert turned.mac(Use.AUDIT, b"x", version=1) == RING.mac(Use.AUDIT, b"x")
    assert turned.mac(Use.AUDIT, b"x") != RING.mac(Use.AUDIT, b"x")
    with pytest.raises(Unavailable, match="key_missing"):
        RING.decrypt(Use.TOTP, new, bound="account:1")
    with pytest.raises(Unavailable, match="key_missing"):
        Keyring(2, {2: turned.keys[2]}).decrypt(Use.TOTP, old, bound="account:1")


# The file ---------------------------------------------------------------------------------------


def test_the_file_is_for_its_owner_s_eyes(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "ring.json"
    before = os.umask(0)
    try:
        assert make(file)
        modes = [stat.S_IMODE(file.stat().st_mode)]
        rotate(file)
        save(file, load(file))
        modes.append(stat.S_IMODE(file.stat().st_mode))
    finally:
        os.umask(before)
    assert modes == [0o600, 0o600]
    assert sorted(load(file).keys) == [1, 2]
    assert [p.name for p in file.parent.iterdir()] == ["ring.json"], "nothing half-written is left"
    assert list(weaknesses(file)) == []
    for mode in (0o640, 0o604, 0o620):
        file.chmod(mode)
        assert [r.code for r in weaknesses(file)] == ["keyring_open_to_others"]


def test_one_that_is_there_is_never_replaced(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    assert make(file)
    before = file.read_bytes()
    assert not make(file)
    assert file.read_bytes() == before


MAKER = """
import sys
from pathlib import Path

from app.platform.security.keyring import load, make

file = Path(sys.argv[1])
sys.stdin.readline()
print(make(file), load(file).keys[1].hex())
"""


def test_processes_that_make_it_at_once_share_one(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    command = [sys.executable, "-c", MAKER, str(file)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in running:  # all have loaded their modules, or will wait for nobody
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60)[0].split() for process in running]
    assert sorted(made for made, _ in said) == ["False", "False", "False", "True"]
    assert len({key for _, key in said}) == 1


def test_rotations_at_once_lose_no_key(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    make(file)
    together = threading.Barrier(8)

    def turn(_: int) -> Keyring:
        together.wait()
        return rotate(file)

    with ThreadPoolExecutor(8) as pool:
        rings = list(pool.map(turn, range(8)))
    last = load(file)
    assert sorted(last.keys) == list(range(1, 10))
    assert all(last.keys[keyring.current] == keyring.keys[keyring.current] for keyring in rings)


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", '{"current": 1, "keys": {}}', '{"current": 1, "keys": {"1": "YWJj"}}',
        '{"current": 2, "keys": {"1": "%s"}}', '{"current": "x", "keys": {"1": "%s"}}', "\x00\xff",
    ],
)  # fmt: skip
def test_a_file_that_is_no_ring_is_said(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ring.json"
    good = json.loads((make(tmp_path / "good.json") and (tmp_path / "good.json").read_text()) or "")["keys"]["1"]
    file.write_bytes(content.replace("%s", good).encode("latin-1"))
    file.chmod(0o600)
    with pytest.raises(Unavailable, match="keyring_unreadable"):
        load(file)
    assert [r.code for r in weaknesses(file)] == ["keyring_unreadable"]
    with pytest.raises(Unavailable, match="keyring_unreadable"):
        rotate(file)


def test_production_refuses_to_start_without_its_ring(tmp_path: Path) -> None:
    chosen = Settings(
        environment="production", base_url="https://escouade.example.com", data_dir=tmp_path,
        database_url="postgresql://nowhere/none",
    )  # fmt: skip
    assert [r.code for r in unsafe(chosen)] == ["keyring_missing"]
    make(chosen.keyring_file)
    assert unsafe(chosen) == []
    chosen.keyring_file.chmod(0o644)
    assert [r.code for r in unsafe(chosen)] == ["keyring_open_to_others"]
