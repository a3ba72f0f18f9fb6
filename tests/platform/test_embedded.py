"""The embedded server, for real: each test starts PostgreSQL in a directory of its own and leaves no process behind."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.platform.database.embedded import WHEEL, EmbeddedError, embedded_server, find_binaries

ROOT = os.geteuid() == 0
REPOSITORY = Path(__file__).parents[2]
MACHINE = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
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
    """Another Python process that uses the server of a directory until it is told to leave."""

    def __init__(self, place: Path, script: str = HOLD) -> None:
        command, pipe = [sys.executable, "-W", "error", "-c", BEGIN + script, str(place)], subprocess.PIPE
        self.process = subprocess.Popen(command, cwd=REPOSITORY, stdin=pipe, stdout=pipe, stderr=pipe, text=True)

    def url(self) -> str:
        """Its URL, once it has the server."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line, self.process.communicate()[1]
        return line

    def leave(self) -> None:
        _, errors = self.process.communicate("leave\n", timeout=30)
        assert (self.process.returncode, errors) == (0, "")

    def send(self, number: signal.Signals) -> int:
        self.process.send_signal(number)  # nothing once it has ended
        with self.process:
            return self.process.wait(timeout=30)


Hold = Callable[..., Holder]


@pytest.fixture
def base() -> Iterator[Path]:
    """A directory that any account may enter, as a checkout usually is; nothing runs in it afterwards."""
    path = Path(tempfile.mkdtemp(prefix="esc-test-", dir=TEMPORARY)).resolve()
    path.chmod(0o755)
    yield path
    left = end(path)
    shutil.rmtree(path)
    assert left == []


@pytest.fixture(scope="session")
def made() -> Iterator[Path]:
    """A server that has run once: initdb takes a second."""
    path = Path(tempfile.mkdtemp(prefix="esc-test-", dir=TEMPORARY)).resolve()
    path.chmod(0o755)
    with embedded_server(path / "server"):
        pass
    yield path / "server"
    shutil.rmtree(path)


@pytest.fixture
def place(made: Path) -> Iterator[Path]:
    """The directory of that server, for a test that leaves it whole; nothing runs in it before or afterwards."""
    yield made
    assert end(made) == []


@pytest.fixture
def copy(base: Path, made: Path) -> Path:
    """A copy of it, for a test that does not."""
    subprocess.run(["cp", "-a", made, base / "server"], check=True)
    return base / "server"


@pytest.fixture
def hold() -> Iterator[Hold]:
    """Start a Holder; those still there at the end are told to leave."""
    with ExitStack() as holders:

        def start(place: Path, script: str = HOLD) -> Holder:
            holder = Holder(place, script)
            holders.callback(holder.send, signal.SIGTERM)
            return holder

        yield start


def postmasters(place: Path) -> list[int]:
    """Servers that run on data anywhere under this place, zombies left out."""
    listing = subprocess.run(["ps", "-ww", "-Ao", "pid=,command="], capture_output=True, text=True, check=True).stdout
    return [int(line.split()[0]) for line in listing.splitlines() if "postgres" in line and f"-D {place}" in line]


def end(place: Path) -> list[int]:
    """Kill the servers that a test has left there."""
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


def test_the_binaries_come_from_the_wheel_when_it_is_there() -> None:
    found = find_binaries()
    assert (found / "postgres").is_file()
    assert (WHEEL in found.parts) == (find_spec(WHEEL) is not None)
    assert WHEEL not in sys.modules


@pytest.mark.parametrize("binaries", [None, *MACHINE], ids=str)
def test_a_first_start_gives_an_empty_database_and_a_later_one_finds_it_again(
    base: Path, binaries: Path | None
) -> None:
    place = base / "new"
    with embedded_server(place, binaries) as url:
        assert url.startswith("postgresql+psycopg://escouade@/escouade?host=/")
        assert ask(
            url,
            "select current_database(), current_user, rolsuper, pg_encoding_to_char(encoding), datcollate, datctype"
            " from pg_database, pg_roles where datname = current_database() and rolname = current_user",
        ) == [("escouade", "escouade", True, "UTF8", "C", "C")]
        settings = ["listen_addresses", "max_connections", "shared_buffers", "fsync", "TimeZone"]
        assert [ask(url, f"show {name}")[0][0] for name in settings] == ["", "100", "128MB", "on", "UTC"]
        ask(url, "create table kept as select 'é' as letter")
        for directory in (place / "data", sockets(url)):
            assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE(place.stat().st_mode) == (0o710 if ROOT else 0o700)
    assert postmasters(place) == []
    with embedded_server(place, binaries) as url:
        assert ask(url, "select letter from kept") == [("é",)]


def test_the_server_runs_as_an_ordinary_account_without_roots_groups_in_a_session_of_its_own(place: Path) -> None:
    with embedded_server(place) as url:
        assert ask(url, "select inet_server_addr()") == [(None,)]
        uid = (place / "data").stat().st_uid
        assert uid == (pwd.getpwnam("nobody").pw_uid if ROOT else os.geteuid())
        status = Path(f"/proc/{postmaster(place)}/status")
        if ROOT and status.exists():
            assert "Groups:\t \n" in status.read_text(encoding="utf-8")
        assert os.getsid(postmaster(place)) != os.getsid(0)  # no Ctrl-C reaches it


def test_a_second_process_adopts_the_server_and_the_last_to_leave_stops_it(place: Path, hold: Hold) -> None:
    first = hold(place)
    first.url()
    pid = postmaster(place)
    with embedded_server(place) as url:
        assert postmaster(place) == pid
        first.leave()
        assert ask(url, "select 1") == [(1,)]
        assert postmaster(place) == pid
    assert postmasters(place) == []


def test_three_processes_that_arrive_and_leave_together_share_one_server(base: Path, hold: Hold) -> None:
    place = base / "new"
    holders = [hold(place) for _ in range(3)]
    urls = {holder.url() for holder in holders}
    assert len(urls) == 1
    pid = postmaster(place)
    holders.pop().leave()
    assert postmaster(place) == pid
    assert ask(urls.pop(), "select 1") == [(1,)]
    for holder in holders:
        assert holder.process.stdin is not None
        holder.process.stdin.close()
    for holder in holders:
        assert holder.process.wait(timeout=30) == 0
    assert postmasters(place) == []


def test_one_process_may_use_it_twice(place: Path) -> None:
    with ExitStack() as outer:
        url = outer.enter_context(embedded_server(place))
        with embedded_server(place) as again:
            assert again == url
        assert ask(url, "select 1") == [(1,)]
    assert postmasters(place) == []


def test_a_forked_child_that_ends_does_not_stop_the_server(place: Path, hold: Hold) -> None:
    holder = hold(place, FORK)
    assert ask(holder.url(), "select 1") == [(1,)]
    holder.leave()
    assert postmasters(place) == []


def test_the_server_of_a_killed_process_is_adopted(place: Path, hold: Hold) -> None:
    killed = hold(place)
    killed.url()
    pid = postmaster(place)
    assert killed.send(signal.SIGKILL) == -signal.SIGKILL
    assert postmaster(place) == pid
    with embedded_server(place) as url:
        assert postmaster(place) == pid
        assert ask(url, "select 1") == [(1,)]
    assert postmasters(place) == []


def test_a_killed_server_starts_again_with_what_was_committed(copy: Path, hold: Hold) -> None:
    holder = hold(copy)
    url = holder.url()
    ask(url, "create table kept as select 1 as one")
    os.kill(postmaster(copy), signal.SIGKILL)  # its parent lives: it stays a zombie
    with embedded_server(copy) as again:
        assert ask(again, "select one from kept") == [(1,)]
        holder.leave()
        assert ask(again, "select one from kept") == [(1,)]


def test_a_server_killed_under_our_feet_starts_again_in_the_same_process(copy: Path) -> None:
    with embedded_server(copy) as url:
        ask(url, "create table kept as select 1 as one")
        os.kill(postmaster(copy), signal.SIGKILL)
        with embedded_server(copy) as again:
            assert ask(again, "select one from kept") == [(1,)]
        assert ask(url, "select one from kept") == [(1,)]


def test_a_recycled_process_number_is_not_taken_for_the_server(copy: Path) -> None:
    (copy / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{copy / 'data'}\n", encoding="utf-8")
    with embedded_server(copy) as url:
        assert ask(url, "select 1") == [(1,)]


@pytest.mark.parametrize("name", ["un été à Québec", "l'été, (1) & %s;#", "long" * 40])
def test_any_path_will_do_but_no_socket_directory_that_somebody_prepared(base: Path, name: str) -> None:
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


def test_a_directory_that_holds_something_else_is_refused_and_left_alone(base: Path) -> None:
    place = base / "theirs"
    place.mkdir()
    (place / "thesis.txt").touch()
    place.chmod(0o755)
    refused = refusal(place)
    assert (refused.code, refused.params) == ("embedded.foreign_directory", {"path": str(place)})
    assert [path.name for path in place.iterdir()] == ["thesis.txt"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o755


def test_a_file_in_the_place_of_the_directory_is_refused(base: Path) -> None:
    (base / "file").touch()
    assert refusal(base / "file").code == "embedded.system"


def test_the_directory_of_another_account_is_refused(base: Path) -> None:
    place = Path("/usr")
    if ROOT:
        place = base / "theirs"
        place.mkdir()
        shutil.chown(place, "nobody")
    refused = refusal(place)
    assert (refused.code, refused.params) == ("embedded.not_owner", {"path": str(place)})


def test_data_of_another_major_version_is_refused_with_the_servers_own_words(copy: Path) -> None:
    (copy / "data" / "PG_VERSION").write_text("9\n", encoding="ascii")
    failed = refusal(copy)
    assert failed.code == "embedded.failed"
    assert "initialized by PostgreSQL version 9" in str(failed.params["detail"])


def test_a_server_that_does_not_start_says_why_and_leaves_nothing(copy: Path) -> None:
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
    assert len(postmasters(place)) == 1
    assert holder.send(number) == 128 + (signal.SIGINT if number == signal.SIGINT else signal.SIGTERM)
    assert postmasters(place) == []


def test_a_start_cut_short_leaves_no_process_and_the_next_one_works(base: Path, hold: Hold) -> None:
    place = base / "new"
    holder = hold(place)
    while not (place / "data.new" / "PG_VERSION").exists():
        time.sleep(0.01)
    assert holder.send(signal.SIGTERM) == 128 + signal.SIGTERM
    assert postmasters(place) == []
    with embedded_server(place) as url:
        assert ask(url, "select 1") == [(1,)]


@pytest.mark.skipif(not (ROOT and find_spec(WHEEL)), reason="only root has another account run the server")
def test_root_moves_what_its_account_cannot_reach_under_var_lib(base: Path) -> None:
    found = find_binaries()
    base.chmod(0o700)
    package = base / "site-packages" / WHEEL
    shutil.copytree(found.parent, package / "pginstall18")
    shutil.copytree(found.parents[2] / f"{WHEEL}.libs", package.with_name(f"{WHEEL}.libs"))
    home = None
    try:
        with embedded_server(base / "server", package / "pginstall18" / "bin") as url:
            home = sockets(url).parent
            assert home.parent == Path("/var/lib")
            assert stat.S_IMODE(home.stat().st_mode) == 0o710
            assert postmasters(home / "data")
            ask(url, "create table kept as select 1 as one")
        assert postmasters(home / "data") == []
        base.chmod(0o755)  # reachable now: the data stays where it is
        with embedded_server(base / "server") as url:
            assert ask(url, "select one from kept") == [(1,)]
        assert postmasters(home / "data") == []
    finally:
        if home is not None:
            shutil.rmtree(home)


@pytest.mark.skipif(not (ROOT and shutil.which("psql")), reason="only root can try as another account, with psql")
def test_the_account_that_runs_the_server_may_not_connect_to_it(place: Path) -> None:
    nobody: dict[str, Any] = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid, "extra_groups": []}
    with embedded_server(place) as url:
        command = ["psql", "-h", str(sockets(url)), "-U", "escouade", "-c", "select 1", "escouade"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **nobody)
    assert done.returncode == 2
    assert "Peer authentication failed" in done.stderr
