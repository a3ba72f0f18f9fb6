"""The wheel, installed in an empty environment outside the repository, does its work there: ``make package``.

The lock comes first, then the wheel without its dependencies. Commands run in an empty folder, with a home folder of
their own and without a variable that would lead them back to the checkout.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.platform.locations import ROOT
from tests.factories.waiting import free_port
from tests.packaging.building import build

PATIENCE = 120.0
INIT = {
    "college": "Cégep de la Rivière", "slug": "riviere", "city": "Sainte-Rivière", "region": "12", "prefix": "RIV",
    "email": "zoe@riviere.example.com",
}  # fmt: skip


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel, and an empty folder to work in."""

    environment: Path
    empty: Path

    @property
    def package(self) -> Path:
        """Where the wheel's files are."""
        (found,) = self.environment.glob("lib/python*/site-packages")
        return found

    def variables(self, home: Path, **more: str) -> dict[str, str]:
        """What a command sees: nothing of the checkout, nothing of another deployment."""
        kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
        home.mkdir(exist_ok=True)
        path = f"{self.environment}/bin:/usr/local/bin:/usr/bin:/bin"
        return {**kept, "PATH": path, "HOME": str(home), "COLUMNS": "200", **more}

    def run(self, home: Path, *words: str, **more: str) -> str:
        """Run ``escouade`` to its end and return what it said; it must succeed."""
        done = subprocess.run(
            [self.environment / "bin" / "escouade", *words],
            cwd=self.empty, env=self.variables(home, **more), capture_output=True, text=True, timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"escouade {words[0]}: {done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def files(self) -> set[str]:
        """What lies beside the package, without what Python writes there by itself."""
        return {
            path.relative_to(self.package).as_posix()
            for path in self.package.rglob("*")
            if "__pycache__" not in path.parts
        }


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    """The lock, then the wheel, in an empty environment; nothing of it is kept."""
    place = tmp_path_factory.mktemp("wheel")
    assert ROOT not in place.parents
    wheel = build(place).wheel
    found = Installed(place / "environment", place / "empty")
    found.empty.mkdir()
    venv.create(found.environment, with_pip=True)
    subprocess.run(
        ["sh", "-euc", '. .ci/install; install_lock "$0" requirements.lock', found.environment], cwd=ROOT, check=True
    )
    pip: list[str | Path] = [found.environment / "bin" / "python", "-m", "pip"]
    subprocess.run(
        [*pip, "install", "-qq", "--disable-pip-version-check", "--no-deps", "--no-index", wheel], check=True
    )
    subprocess.run([*pip, "check"], cwd=found.empty, check=True)
    yield found
    shutil.rmtree(place)


def test_the_command_answers_and_comes_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    assert "serve" in installed.run(tmp_path, "--help")
    assert installed.run(tmp_path, "--version").startswith("Escouade ")
    where: list[str | Path] = [installed.environment / "bin" / "python", "-c", "import app; print(app.__file__)"]
    told = subprocess.run(
        where, cwd=installed.empty, env=installed.variables(tmp_path), capture_output=True, text=True, check=True
    ).stdout
    assert installed.package in Path(told.strip()).parents


def test_a_first_college_is_opened_and_everything_found_in_order(installed: Installed, tmp_path: Path) -> None:
    """Migrations, curricula and designs are those of the wheel; data goes into the home folder, not beside the code."""
    before = installed.files()
    said = installed.run(tmp_path, "init", *(part for name, value in INIT.items() for part in (f"--{name}", value)))
    assert "Le collège Cégep de la Rivière est ouvert." in said.replace("\N{NO-BREAK SPACE}", " ")
    assert re.search(r"^http://127\.0\.0\.1:8000/invitation/[\w-]{43}$", said, flags=re.MULTILINE)
    assert (tmp_path / ".escouade" / "keyring.json").is_file()
    checked = installed.run(tmp_path, "doctor", "--progress").splitlines()
    assert len(checked) == 22
    assert all(line.startswith("✓ ") for line in checked), checked
    assert installed.run(tmp_path, "curricula", "check")
    assert "Sauvegarde terminée" in installed.run(tmp_path, "backup", str(tmp_path / "backups"))
    (backup,) = (tmp_path / "backups").iterdir()
    assert "✗" not in installed.run(tmp_path, "restore", "--check", str(backup))
    assert installed.files() == before
    assert list(installed.empty.iterdir()) == []


@contextmanager
def serving(installed: Installed, home: Path, port: int) -> Iterator[str]:
    """The demo network, served until the end of the block; stopped by the number of its process."""
    variables = installed.variables(home, ESCOUADE_ENVIRONMENT="demo")
    with (home / "said.txt").open("w+") as said:
        process = subprocess.Popen(
            [installed.environment / "bin" / "escouade", "serve", "--port", str(port)],
            cwd=installed.empty, env=variables, stdout=said, stderr=said,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            until = time.monotonic() + PATIENCE
            while not _ready(address):
                assert process.poll() is None, (home / "said.txt").read_text()
                assert time.monotonic() < until, (home / "said.txt").read_text()
                time.sleep(0.3)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=60)
    assert "Traceback" not in (home / "said.txt").read_text()


def _ready(address: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{address}/health/ready").status_code == httpx.codes.OK
    return False


@pytest.mark.timeout(1200)
def test_the_demo_network_is_loaded_and_served_with_its_files_and_certificates(
    installed: Installed, tmp_path: Path
) -> None:
    """Pages, static files, a certificate's verification, document and credential, at the port that was asked for."""
    port = free_port()
    loaded = installed.run(tmp_path, "demo", ESCOUADE_ENVIRONMENT="demo", ESCOUADE_BASE_URL=f"http://127.0.0.1:{port}")
    assert "Le réseau de démonstration est chargé." in loaded
    accounts = json.loads(installed.run(tmp_path, "demo", "accounts", "--json", ESCOUADE_ENVIRONMENT="demo"))
    with serving(installed, tmp_path, port) as address, httpx.Client(base_url=address) as people:
        page = people.get("/connexion")
        assert page.status_code == httpx.codes.OK, page.text
        linked = set(re.findall(r'(?:href|src)="(?:http://[^/"]+)?(/static/[^"]+)"', page.text))
        assert len(linked) >= 2
        assert {people.get(name).status_code for name in linked} == {httpx.codes.OK}
        certificate, mine = a_certificate(people, accounts)
        whole = people.get(f"/api/v1/certificates/{certificate['id']}", headers=mine).json()
        assert whole["record"]["verify_url"].startswith(f"{address}/v/")
        shown = people.get(whole["record"]["verify_url"].removeprefix(address))
        assert shown.status_code == httpx.codes.OK
        assert certificate["number"] in shown.text
        document = people.get(f"/api/v1/certificates/{certificate['id']}/pdf", headers=mine, timeout=60)
        assert document.content.startswith(b"%PDF-")
        credential = people.get(f"/api/v1/certificates/{certificate['id']}/credential", headers=mine).json()
        assert credential["credentialSubject"]["achievement"]["id"].startswith(f"{address}/")
    assert list(installed.empty.iterdir()) == []


def a_certificate(people: httpx.Client, accounts: list[dict[str, str]]) -> tuple[dict[str, Any], dict[str, str]]:
    """A certificate that a registrar of the demo network reads, and the header that says who asks."""
    for account in accounts:
        if account["role"] == "registrar":
            proof = {"email": account["email"], "password": account["password"]}
            mine = {"Authorization": f"Bearer {people.post('/api/v1/sign-ins', json=proof).json()['token']}"}
            me = people.get("/api/v1/me", headers=mine).json()
            (college,) = {role["college_id"] for role in me["roles"] if role["role"] == "registrar"}
            if listed := people.get(f"/api/v1/colleges/{college}/certificates", headers=mine).json()["items"]:
                return listed[0], mine
    raise AssertionError("no registrar has a certificate")
