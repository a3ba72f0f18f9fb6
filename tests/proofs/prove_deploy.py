"""The files of ``deploy/``: linted, and the proxies run in front of the application."""

import json
import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from ipaddress import ip_network
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from app.platform.database.transaction import Database
from app.platform.locations import ROOT
from tests.e2e.live_site import LiveSite
from tests.factories.network import PASSWORD, World
from tests.proofs import proxy_in_front
from tests.proofs.proxy_in_front import DEPLOY

TOOLS = ROOT / ".venv-proofs" / "bin"
CLIENT = "127.0.0.2"
"""Where the browser of these tests connects from: another address than the proxies' own."""
SITE = "https://127.0.0.1"
MEGABYTE = 1024 * 1024
EXPOSURE = 2.0
"""The most that systemd's own measure may say, of 10."""
Proxy = Callable[[Path, str], AbstractContextManager[int]]


@pytest.fixture(scope="module")
def site() -> Iterator[LiveSite]:
    """The application at an address of this machine."""
    found = LiveSite(base_url=SITE, environment="development", trusted_proxies=(ip_network("127.0.0.1"),))
    yield found
    found.stop()


@pytest.fixture(params=[proxy_in_front.nginx, proxy_in_front.caddy], ids=["nginx", "caddy"])
def browser(
    request: pytest.FixtureRequest, site: LiveSite, database: Database, tmp_path: Path
) -> Iterator[httpx.Client]:
    """A client that reaches the application through a proxy with TLS."""
    proxy: Proxy = request.param
    with proxy(tmp_path, site.url.removeprefix("http://")) as port:
        address = f"https://127.0.0.1:{port}"
        site.attach(database, tmp_path)
        trust = ssl.create_default_context(cafile=str(tmp_path / "proxy.pem"))
        with httpx.Client(
            base_url=address, transport=httpx.HTTPTransport(verify=trust, local_address=CLIENT)
        ) as client:
            yield client
        site.settle()


def test_application_behind_a_proxy_knows_the_client(browser: httpx.Client, database: Database, world: World) -> None:
    page = browser.get("/connexion")
    assert (page.status_code, "strict-transport-security" in page.headers) == (200, True)
    forged = {"X-Forwarded-For": "192.0.2.66", "Origin": SITE}
    credentials = {"email": world.emails["maude"], "password": PASSWORD}
    answer = browser.post("/api/v1/sign-ins", json=credentials, headers=forged)
    assert answer.status_code == 201, answer.text
    with database.as_owner() as db:
        assert db.execute(sa.text("select origin from sign_in order by id desc limit 1")).scalar_one() == CLIENT


def test_proxy_refuses_a_body_that_is_too_large(browser: httpx.Client) -> None:
    answer = browser.post("/connexion", content=b"x" * (13 * MEGABYTE), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 413


@pytest.mark.parametrize("name", ["escouade-web.service", "escouade-worker.service", "escouade-backup.service"])
def test_unit_is_understood_and_hardened(name: str, tmp_path: Path) -> None:
    unit = tmp_path / name
    text = (DEPLOY / "systemd" / name).read_text("utf-8")
    unit.write_text(text.replace("/opt/escouade/bin/escouade", "/bin/true"), encoding="utf-8")
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    limit = f"--threshold={EXPOSURE * 10:.0f}"
    subprocess.run(["systemd-analyze", "security", "--offline=yes", limit, str(unit)], capture_output=True, check=True)


def test_timer_is_understood() -> None:
    text = (DEPLOY / "systemd" / "escouade-backup.timer").read_text("utf-8")
    when = text.split("OnCalendar=", 1)[1].split("\n", 1)[0]
    subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, check=True)


def test_containerfile_has_no_fault() -> None:
    done = subprocess.run(
        [str(TOOLS / "hadolint"), "--format", "json", str(DEPLOY / "Containerfile")], capture_output=True, check=False
    )
    assert json.loads(done.stdout) == []


def test_compose_file_follows_its_specification() -> None:
    command = [str(TOOLS / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
