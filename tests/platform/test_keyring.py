"""The keyring: encryption bound to a place and a use, key rotation, and its file, readable by its owner only."""

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

from app.platform.config import Settings, unsafe_settings
from app.platform.errors import Unavailable
from app.platform.locations import ROOT
from app.platform.security.keyring import (
    KeyPurpose,
    Keyring,
    create,
    load,
    new_keyring,
    rotate,
    save,
    version_of,
    weaknesses,
)

KEYRING = new_keyring()
USES = sorted(KeyPurpose)


@given(st.text(max_size=200), st.sampled_from(USES), st.text(max_size=40))
def test_decrypt_returns_what_was_encrypted(plain: str, use: KeyPurpose, place: str) -> None:
    encrypted = KEYRING.encrypt(use, plain, bound=place)
    assert KEYRING.decrypt(use, encrypted, bound=place) == plain
    assert encrypted != KEYRING.encrypt(use, plain, bound=place), "the same secret is never encrypted twice alike"


@pytest.mark.parametrize("other", USES)
@pytest.mark.parametrize("use", USES)
def test_decrypt_for_another_use_is_refused(use: KeyPurpose, other: KeyPurpose) -> None:
    encrypted = KEYRING.encrypt(use, "secret", bound="account:1")
    if use is other:
        assert KEYRING.decrypt(other, encrypted, bound="account:1") == "secret"
    else:
        with pytest.raises(Unavailable, match="seal_broken"):
            KEYRING.decrypt(other, encrypted, bound="account:1")
        assert KEYRING.mac(use, b"same") != KEYRING.mac(other, b"same")


def test_decrypt_bound_elsewhere_is_refused() -> None:
    encrypted = KEYRING.encrypt(KeyPurpose.TOTP, "secret", bound="account:1")
    with pytest.raises(Unavailable, match="seal_broken"):
        KEYRING.decrypt(KeyPurpose.TOTP, encrypted, bound="account:2")


def test_decrypt_altered_secret_is_refused() -> None:
    encrypted = KEYRING.encrypt(KeyPurpose.TOTP, "secret", bound="account:1")
    head, body = encrypted.split(".")
    for at, sign in enumerate(body.rstrip("=")[:-1]):
        altered = f"{head}.{body[:at]}{'A' if sign != 'A' else 'B'}{body[at + 1 :]}"
        with pytest.raises(Unavailable, match="seal_broken"):
            KEYRING.decrypt(KeyPurpose.TOTP, altered, bound="account:1")


def test_decrypt_with_another_keyring_is_refused() -> None:
    encrypted = KEYRING.encrypt(KeyPurpose.OIDC, "secret", bound="issuer")
    with pytest.raises(Unavailable, match="seal_broken"):
        new_keyring().decrypt(KeyPurpose.OIDC, encrypted, bound="issuer")


def test_rotated_keyring_encrypts_with_the_new_key_and_decrypts_with_the_old() -> None:
    old = KEYRING.encrypt(KeyPurpose.TOTP, "secret", bound="account:1")
    newer = KEYRING.rotated()
    new = newer.encrypt(KeyPurpose.TOTP, "secret", bound="account:1")
    assert (version_of(old), version_of(new)) == (1, 2)
    assert (
        newer.decrypt(KeyPurpose.TOTP, old, bound="account:1")
        == newer.decrypt(KeyPurpose.TOTP, new, bound="account:1")
        == "secret"
    )
    assert newer.mac(KeyPurpose.AUDIT, b"x", version=1) == KEYRING.mac(KeyPurpose.AUDIT, b"x")
    assert newer.mac(KeyPurpose.AUDIT, b"x") != KEYRING.mac(KeyPurpose.AUDIT, b"x")
    with pytest.raises(Unavailable, match="key_missing"):
        KEYRING.decrypt(KeyPurpose.TOTP, new, bound="account:1")
    with pytest.raises(Unavailable, match="key_missing"):
        Keyring(2, {2: newer.keys[2]}).decrypt(KeyPurpose.TOTP, old, bound="account:1")


# The file ---------------------------------------------------------------------------------------


def test_keyring_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "ring.json"
    before = os.umask(0)
    try:
        assert create(file)
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


def test_create_never_replaces_an_existing_keyring(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    assert create(file)
    before = file.read_bytes()
    assert not create(file)
    assert file.read_bytes() == before


CREATE_SCRIPT = """
import sys
from pathlib import Path

from app.platform.security.keyring import load, create

file = Path(sys.argv[1])
sys.stdin.readline()
print(create(file), load(file).keys[1].hex())
"""


def test_create_by_concurrent_processes_gives_one_keyring(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    command = [sys.executable, "-c", CREATE_SCRIPT, str(file)]
    running = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    for process in running:  # each waits for this line, once its modules are loaded
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60)[0].split() for process in running]
    assert sorted(created for created, _ in outputs) == ["False", "False", "False", "True"]
    assert len({key for _, key in outputs}) == 1


def test_concurrent_rotations_keep_every_key(tmp_path: Path) -> None:
    file = tmp_path / "ring.json"
    create(file)
    together = threading.Barrier(8)

    def rotate_together(_: int) -> Keyring:
        together.wait()
        return rotate(file)

    with ThreadPoolExecutor(8) as pool:
        keyrings = list(pool.map(rotate_together, range(8)))
    last = load(file)
    assert sorted(last.keys) == list(range(1, 10))
    assert all(last.keys[keyring.current] == keyring.keys[keyring.current] for keyring in keyrings)


@pytest.mark.parametrize(
    "content",
    [
        "", "[]", "{}", '{"current": 1, "keys": {}}', '{"current": 1, "keys": {"1": "YWJj"}}',
        '{"current": 2, "keys": {"1": "%s"}}', '{"current": "x", "keys": {"1": "%s"}}', "\x00\xff",
    ],
)  # fmt: skip
def test_load_invalid_file_raises_unavailable(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ring.json"
    good = json.loads((create(tmp_path / "good.json") and (tmp_path / "good.json").read_text()) or "")["keys"]["1"]
    file.write_bytes(content.replace("%s", good).encode("latin-1"))
    file.chmod(0o600)
    with pytest.raises(Unavailable, match="keyring_unreadable"):
        load(file)
    assert [r.code for r in weaknesses(file)] == ["keyring_unreadable"]
    with pytest.raises(Unavailable, match="keyring_unreadable"):
        rotate(file)


def test_production_without_a_safe_keyring_is_unsafe(tmp_path: Path) -> None:
    chosen = Settings(
        environment="production", base_url="https://escouade.example.com", data_dir=tmp_path,
        database_url="postgresql://nowhere/none",
    )  # fmt: skip
    assert [r.code for r in unsafe_settings(chosen)] == ["keyring_missing"]
    create(chosen.keyring_file)
    assert unsafe_settings(chosen) == []
    chosen.keyring_file.chmod(0o644)
    assert [r.code for r in unsafe_settings(chosen)] == ["keyring_open_to_others"]
