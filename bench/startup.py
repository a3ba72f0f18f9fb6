"""What it costs to start: CPU seconds of each command and import, the best of five, beside an empty interpreter."""

import resource
import subprocess
import sys

from rich.console import Console
from rich.table import Table

from app.platform.locations import ROOT

STARTS = {
    "python -c pass": ("-c", "pass"),
    "escouade --help": ("-c", "from app.cli import main; main()", "--help"),
    "escouade keys check": ("-c", "from app.cli import main; main()", "keys", "check"),
    "escouade curricula check": ("-c", "from app.cli import main; main()", "curricula", "check"),
    "import app.progress.rules": ("-c", "import app.progress.rules"),
    "import app.main": ("-c", "import app.main"),
}
TRIES = 5


def cpu_seconds(words: tuple[str, ...]) -> float:
    """Return the CPU time, user and system, of a fresh interpreter; its exit status does not matter."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - our own commands
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and print."""
    table = Table("start", "CPU s", "ratio to the empty interpreter", title="Start-up")
    costs = {name: min(cpu_seconds(words) for _ in range(TRIES)) for name, words in STARTS.items()}
    empty = costs["python -c pass"]
    for name, cost in costs.items():
        table.add_row(name, f"{cost:.2f}", f"{cost / max(empty, 0.001):.1f}")
    Console().print(table)


if __name__ == "__main__":
    main()
