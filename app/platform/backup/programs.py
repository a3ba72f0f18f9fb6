"""PostgreSQL's own programs (``pg_dump``, ``pg_restore``): found for a server's version, and run.

They come from the wheel of the embedded server, from the PATH or from the system's folders, whichever suits the server:
a program older than its server, or than the archive that it reads, refuses to work.
"""

import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy.engine import make_url

from app.platform.database.connections import conninfo
from app.platform.database.embedded import SYSTEM_FOLDERS, WHEEL
from app.platform.errors import Unavailable

SHOWN_LINES = 3
"""Last lines of a program that failed, which its error repeats."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program of PostgreSQL, and its major version."""

    path: Path
    major: int


def find_program(name: str, *, oldest: int, server: int) -> Program:
    """Return the program whose major version is nearest to the server's, among those from ``oldest`` on.

    Raise ``Unavailable`` where there is none.
    """
    found = [program for program in _programs(name) if program.major >= oldest]
    if not found:
        raise Unavailable("program_missing", program=name, oldest=oldest)
    return min(found, key=lambda program: abs(program.major - server))


def _programs(name: str) -> Iterator[Program]:
    wheel = find_spec(WHEEL)  # not imported: importing it warns
    folders = [path for root in (wheel and wheel.submodule_search_locations) or () for path in Path(root).glob("*/bin")]
    folders += [Path(folder) for folder in os.get_exec_path()]
    folders += [path for pattern in SYSTEM_FOLDERS for path in Path("/").glob(pattern)]
    for folder in folders:
        if command := shutil.which(name, path=str(folder)):
            with suppress(OSError):
                shown = subprocess.run([command, "--version"], capture_output=True, check=False).stdout  # noqa: S603
                if number := re.search(rb"\d+", shown):
                    yield Program(Path(command), int(number[0]))


def run_program(program: Program, *arguments: str, url: str, on_line: Callable[[str], None]) -> None:
    """Run a program on the database of an address; each line that it writes is given to ``on_line``.

    Raise ``Unavailable`` when it fails. It ends with the caller, however the caller ends.
    """
    address = make_url(url)
    variables = {name: value for name, value in os.environ.items() if not name.startswith("ESCOUADE_")}
    variables |= {"LC_ALL": "C", "PGPASSWORD": str(address.password or variables.get("PGPASSWORD", ""))}
    name = conninfo(url, password=False)  # a command line is anybody's to read
    command = [str(program.path), f"--dbname={name}", "--no-password", "--verbose", *arguments]
    last: deque[str] = deque(maxlen=SHOWN_LINES)
    with subprocess.Popen(  # noqa: S603
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace", env=variables
    ) as process:
        try:
            for line in process.stderr or ():
                on_line(line)
                if "error:" in line or "detail:" in line:
                    last.append(line.strip())
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        detail = " ".join(last) or f"{process.returncode}"
        raise Unavailable("program_failed", program=program.path.name, detail=detail)
