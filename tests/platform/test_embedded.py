"""The embedded server: each test starts PostgreSQL in a directory of its own and leaves no process behind."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.platform.database.embedded import WHEEL, EmbeddedError, embedded_server, find_binaries
from tests.factories.waiting import wait_until

ROOT = os.geteuid() == 0
REPOSITORY = Path(__file__).parents[2]
SYSTEM_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
TEMPORARY = "/tmp"  # noqa: S108 whatever TMPDIR says: short, and open to root's account
BEGIN = """
import os, sys, uvicorn
from pathlib import Path
from app.platform.database.embedded import embedded_server, install_signal_handlers
install_signal_handlers()
async def app(scope, receive, send):
    while (await receive())["type"] == "lifespan.startup":
        print(url, flush=True)
        await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
with embedded_server(Path(sys.argv[1])) as url:
"""
HOLD = " print(url, flush=True); sys.stdin.readline()"
FORK = " os.fork() or sys.exit(); os.wait(); print(url, flush=True); sys.stdin.readline()"
SERVE = " uvicorn.run(app, port=0, log_level='error')"


class Holder:
    """Another Python process that uses the server of a directory until it is released."""

    def __init__(self, place: Path, script: str = HOLD) -> None:
        command, pipe = [sys.executable, "-W", "error", "-c", BEGIN + script, str(place)], subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def url(self) -> str:
        """The URL that it got, once the server is up."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, self.process.communicate()[1]
        return line

    def release(self) -> None:
        _, errors = self.process.communicate("leave\n", timeout=30)
        assert (self.process.returncode, errors) == (0, "")

    def send(self, number: signal.Signals) -> int:
        self.process.send_signal(number)  # nothing once it has ended
        with self.process:
            return self.process.wait(timeout=30)


Hold = Callable[..., Holder]


@pytest.fixture
def base() -> Iterator[Path]:
    """Yield a directory that any account may enter, as a checkout usually is; nothing runs in it afterwards."""
    path = Path(tempfile.mkdtemp(prefix="esc-test-", dir=TEMPORARY)).resolve()
    path.chmod(0o755)
    yield path
    left = end(path)
    shutil.rmtree(path)
    assert left == []


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """Yield the directory of a server that has run once: initdb takes a second."""
    path = Path(tempfile.mkdtemp(prefix="esc-test-", dir=TEMPORARY)).resolve()
    path.chmod(0o755)
    with embedded_server(path / "server"):
        pass
    yield path / "server"
    shutil.rmtree(path)


@pytest.fixture
def place(made: Path) -> Iterator[Path]:
    """Yield that directory, for a test that does not damage it; nothing runs in it before or afterwards."""
    yield made
    assert end(made) == []


@pytest.fixture
def copy(base: Path, made: Path) -> Path:
    """Return a copy of it, for a test that damages it."""
    subprocess.run(["cp", "-a", made, base / "server"], check=True)
    return base / "server"


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Yield a function that starts a Holder; those still running at the end are released."""
    with ExitStack() as holders:

        def start(place: Path, script: str = HOLD) -> Holder:
            holder = Holder(place, script)
            holders.callback(holder.send, signal.SIGTERM)
            return holder

        yield start


def postmasters(place: Path) -> list[int]:
    """Return the servers that run on data under a directory, zombies left out."""
    listing = subprocess.run(["ps", "-ww", "-Ao", "pid=,command="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listing.splitlines() if "postgres" in line and f"-D {place}" in line]


def end(place: Path) -> list[int]:
    """Kill the servers that a test has left in a directory; return them."""
    left = postmasters(place)
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    return left


def ask(url: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def refusal(place: Path) -> EmbeddedError:
    with pytest.raises(EmbeddedError) as error, embedded_server(place):
        pass
    return error.value


def postmaster(place: Path) -> int:
    [pid] = postmasters(place)
    return pid


def sockets(url: str) -> Path:
    return Path(url.partition("host=")[2].partition("&")[0])


def test_find_binaries_prefers_the_wheel() -> None:
    binaries = find_binaries()
    assert (binaries / "postgres").is_file()
    assert (WHEEL in binaries.parts) == (find_spec(WHEEL) is not None)
    assert WHEEL not in sys.modules


@pytest.mark.parametrize("binaries", [None, *SYSTEM_BINARIES], ids=str)
def test_first_start_creates_an_empty_database_and_a_later_start_reopens_it(base: Path, binaries: Path | None) -> None:
    place = base / "new"
    with embedded_server(place, binaries) as url:
        assert url.startswith("postgresql+psycopg://escouade@/escouade?host=/")
        assert ask(
            url,
            "select current_database(), current_user, rolsuper, pg_encoding_to_char(encoding), datcollate, datctype"
            " from pg_database, pg_roles where datname = current_database() and rolname = current_user",
        ) == [("escouade", "escouade", True, "UTF8", "C", "C")]
        settings = ["listen_addresses", "max_connections", "shared_buffers", "fsync", "TimeZone"]
        assert [ask(url, f"show {name}")[0][0] for name in settings] == ["", "100", "48MB", "on", "UTC"]
        ask(url, "create table saved as select 'é' as letter")
        for directory in (place / "data", sockets(url)):
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE(place.stat().st_mode) == (0o710 if ROOT else 0o700)
    assert postmasters(place) == []
    with embedded_server(place, binaries) as url:
        assert ask(url, "select letter from saved") == [("é",)]


def test_server_runs_as_an_ordinary_account_without_roots_groups_in_its_own_session(place: Path) -> None:
    with embedded_server(place) as url:
        assert ask(url, "select inet_server_addr()") == [(None,)]
        uid = (place / "data").stat().st_uid
        assert uid == (pwd.getpwnam("nobody").pw_uid if ROOT else os.geteuid())
        status = Path(f"/proc/{postmaster(place)}/status")
        if ROOT and status.exists():
            assert "Groups:\t \n" in status.read_text(encoding="utf-8")
        assert os.getsid(postmaster(place)) != os.getsid(0)  # no Ctrl-C reaches it


def test_second_process_uses_the_same_server_and_the_last_one_stops_it(place: Path, hold: Hold) -> None:
    first = hold(place)
    first.url()
    pid = postmaster(place)
    with embedded_server(place) as url:
        assert postmaster(place) == pid
        first.release()
        assert ask(url, "select 1") == [(1,)]
        assert postmaster(place) == pid
    assert postmasters(place) == []


def test_three_processes_that_start_and_stop_together_share_one_server(base: Path, hold: Hold) -> None:
    place = base / "new"
    holders = [hold(place) for _ in range(3)]
    urls = {holder.url() for holder in holders}
    assert len(urls) == 1
    pid = postmaster(place)
    holders.pop().release()
    assert postmaster(place) == pid
    assert ask(urls.pop(), "select 1") == [(1,)]
    for holder in holders:
        assert holder.process.stdin is not None
        holder.process.stdin.close()
    for holder in holders:
        assert holder.process.wait(timeout=30) == 0
    assert postmasters(place) == []


def test_server_used_twice_in_one_process_runs_until_the_last_use(place: Path) -> None:
    with ExitStack() as outer:
        url = outer.enter_context(embedded_server(place))
        with embedded_server(place) as again:
            assert again == url
        assert ask(url, "select 1") == [(1,)]
    assert postmasters(place) == []


def test_a_forked_child_that_ends_does_not_stop_the_server(place: Path, hold: Hold) -> None:
    holder = hold(place, FORK)
    assert ask(holder.url(), "select 1") == [(1,)]
    holder.release()
    assert postmasters(place) == []


def test_server_of_a_killed_process_is_used_by_the_next_one(place: Path, hold: Hold) -> None:
    killed = hold(place)
    killed.url()
    pid = postmaster(place)
    assert killed.send(signal.SIGKILL) == -signal.SIGKILL
    assert postmaster(place) == pid
    with embedded_server(place) as url:
        assert postmaster(place) == pid
        assert ask(url, "select 1") == [(1,)]
    assert postmasters(place) == []


def test_killed_server_restarts_with_committed_data(copy: Path, hold: Hold) -> None:
    holder = hold(copy)
    url = holder.url()
    ask(url, "create table saved as select 1 as one")
    os.kill(postmaster(copy), signal.SIGKILL)  # its parent lives: it stays a zombie
    with embedded_server(copy) as again:
        assert ask(again, "select one from saved") == [(1,)]
        holder.release()
        assert ask(again, "select one from saved") == [(1,)]


def test_server_killed_while_in_use_restarts_in_the_same_process(copy: Path) -> None:
    with embedded_server(copy) as url:
        ask(url, "create table saved as select 1 as one")
        os.kill(postmaster(copy), signal.SIGKILL)
        with embedded_server(copy) as again:
            assert ask(again, "select one from saved") == [(1,)]
        assert ask(url, "select one from saved") == [(1,)]


def test_server_killed_while_in_use_is_started_again_without_a_hand(
    copy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with embedded_server(copy) as url:
        ask(url, "create table saved as select 1 as one")
        dead = postmaster(copy)
        os.kill(dead, signal.SIGKILL)
        wait_until(lambda: postmasters(copy) not in ([], [dead]), 30)
        with embedded_server(copy):  # once it accepts connections
            assert ask(url, "select one from saved") == [(1,)]
    assert postmasters(copy) == []
    assert [record.getMessage() for record in caplog.records if "PostgreSQL" in record.getMessage()] == [
        "the embedded PostgreSQL server was killed by SIGKILL, perhaps by the system for want of memory;"
        " starting it again"
    ]


def test_reused_process_id_is_not_taken_for_the_server(copy: Path) -> None:
    (copy / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{copy / 'data'}\n", encoding="utf-8")
    with embedded_server(copy) as url:
        assert ask(url, "select 1") == [(1,)]


@pytest.mark.parametrize("name", ["un été à Québec", "l'été, (1) & %s;#", "long" * 40])
def test_any_path_works_and_a_socket_directory_of_another_account_is_refused(base: Path, name: str) -> None:
    (base / name).mkdir()
    (base / name).chmod(0o755)
    place = base / name / "server"
    with embedded_server(place) as url:
        assert ask(url, "select 1") == [(1,)]
        directory = sockets(url)
        assert directory.parent == Path(TEMPORARY)
        assert directory.lstat().st_uid == (place / "data").stat().st_uid
        assert stat.S_IMODE(directory.lstat().st_mode) == 0o700
    directory.symlink_to(base)  # it was free again
    try:
        refused = refusal(place)
    finally:
        directory.unlink()
    assert (refused.code, refused.params) == ("embedded.not_private", {"path": str(directory)})


def test_directory_with_other_files_is_refused_and_unchanged(base: Path) -> None:
    place = base / "other"
    place.mkdir()
    (place / "thesis.txt").touch()
    place.chmod(0o755)
    refused = refusal(place)
    assert (refused.code, refused.params) == ("embedded.foreign_directory", {"path": str(place)})
    assert [path.name for path in place.iterdir()] == ["thesis.txt"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o755


def test_file_instead_of_the_directory_is_refused(base: Path) -> None:
    (base / "file").touch()
    assert refusal(base / "file").code == "embedded.system"


def test_the_directory_of_another_account_is_refused(base: Path) -> None:
    place = Path("/usr")
    if ROOT:
        place = base / "other"
        place.mkdir()
        shutil.chown(place, "nobody")
    refused = refusal(place)
    assert (refused.code, refused.params) == ("embedded.not_owner", {"path": str(place)})


def test_data_of_another_major_version_is_refused_with_the_servers_message(copy: Path) -> None:
    (copy / "data" / "PG_VERSION").write_text("9\n", encoding="ascii")
    failed = refusal(copy)
    assert failed.code == "embedded.failed"
    assert "initialized by PostgreSQL version 9" in str(failed.params["detail"])


def test_failed_start_reports_the_cause_and_leaves_no_process(copy: Path) -> None:
    (copy / "data" / "postgresql.conf").write_text("nonsense = 1\n", encoding="ascii")
    failed = refusal(copy)
    assert failed.code == "embedded.failed"
    assert failed.params["log"] == str(copy / "server.log")
    assert "contains errors" in str(failed.params["detail"])


@pytest.mark.parametrize("script", [HOLD, SERVE], ids=["alone", "uvicorn"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_stops_the_server(place: Path, hold: Hold, script: str, number: signal.Signals) -> None:
    holder = hold(place, script)
    holder.url()
    wait_until(lambda: len(postmasters(place)) == 1)  # its children bear its command line until they have begun
    assert holder.send(number) == 128 + (signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)
    assert postmasters(place) == []


def test_interrupted_start_leaves_no_process_and_the_next_start_works(base: Path, hold: Hold) -> None:
    place = base / "new"
    holder = hold(place)
    wait_until((place / "data.new" / "PG_VERSION").exists)
    assert holder.send(signal.SIGTERM) == 128 + signal.SIGTERM
    assert postmasters(place) == []
    with embedded_server(place) as url:
        assert ask(url, "select 1") == [(1,)]


@pytest.mark.skipif(not (ROOT and find_spec(WHEEL)), reason="only root has another account run the server")
def test_root_moves_data_under_var_lib_when_its_account_cannot_reach_it(base: Path) -> None:
    binaries = find_binaries()
    base.chmod(0o700)
    package = base / "site-packages" / WHEEL
    shutil.copytree(binaries.parent, package / "pginstall18")
    shutil.copytree(binaries.parents[2] / f"{WHEEL}.libs", package.with_name(f"{WHEEL}.libs"))
    home = None
    try:
        with embedded_server(base / "server", package / "pginstall18" / "bin") as url:
            home = sockets(url).parent
            assert home.parent == Path("/var/lib")
            assert stat.S_IMODE(home.stat().st_mode) == 0o710
            assert postmasters(home / "data")
            ask(url, "create table saved as select 1 as one")
        assert postmasters(home / "data") == []
        base.chmod(0o755)  # reachable now: the data stays where it is
        with embedded_server(base / "server") as url:
            assert ask(url, "select one from saved") == [(1,)]
        assert postmasters(home / "data") == []
    finally:
        if home is not None:
            shutil.rmtree(home)


@pytest.mark.skipif(not (ROOT and shutil.which("psql")), reason="only root can try as another account, with psql")
def test_account_that_runs_the_server_cannot_connect(place: Path) -> None:
    nobody: dict[str, Any] = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
    with embedded_server(place) as url:
        command = ["psql", "-h", str(sockets(url)), "-U", "escouade", "-c", "select 1", "escouade"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **nobody)
    assert done.returncode == 2
    assert "Peer authentication failed" in done.stderr
