"""``escouade certificates preview``: the sample rendered, again at each change, errors reported without stopping."""

import shutil
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.platform.documents.pdf import DESIGNS

WAIT_SECONDS = 60


def test_preview_renders_the_sample(tmp_path: Path) -> None:
    place = tmp_path / "essai.pdf"
    done = CliRunner().invoke(app, ["certificates", "preview", "meridien", "--output", str(place)])
    assert done.exit_code == 0, done.stderr
    assert "dessiné en" in done.stdout
    assert place.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("design", ["absent", "../curricula", "fonts", "."])
def test_preview_unknown_design_lists_the_existing_ones(design: str) -> None:
    done = CliRunner().invoke(app, ["certificates", "preview", design])
    assert done.exit_code == 1
    assert "escouade, meridien" in done.stderr


class WatchedPreview:
    """The command with ``--watch``, running on a copy of the designs."""

    def __init__(self, folder: Path) -> None:
        self.designs = folder / "certificates"
        shutil.copytree(DESIGNS, self.designs)
        self.place = folder / "essai.pdf"
        self.output = folder / "output"
        script = f"""
            from pathlib import Path
            from app.certificates.documents import designs
            from app.cli import certificates
            from app.platform.documents import pdf
            pdf.DESIGNS = designs.DESIGNS = certificates.DESIGNS = Path({str(self.designs)!r})
            certificates.preview("meridien", True, Path({str(self.place)!r}))
        """
        with self.output.open("wb") as out:
            command = [sys.executable, "-u", "-c", textwrap.dedent(script)]
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)

    def edit(self, name: str, before: str, after: str) -> None:
        path = self.designs / "meridien" / name
        path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")

    def until(self, text: str, times: int = 1) -> None:
        """Wait until a text has been printed so many times."""
        end = time.monotonic() + WAIT_SECONDS
        while self.output.read_text("utf-8").count(text) < times:
            assert self.process.poll() is None, self.output.read_text("utf-8")
            assert time.monotonic() < end, self.output.read_text("utf-8")
            time.sleep(0.1)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[WatchedPreview]:
    running = WatchedPreview(tmp_path)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_preview_watch_renders_each_change_and_survives_errors(watched: WatchedPreview) -> None:
    watched.until("dessiné en")
    first = watched.place.read_bytes()
    watched.edit("template.html", "décernée à", "remise à")
    watched.until("dessiné en", 2)
    assert watched.place.read_bytes() != first
    watched.edit("template.html", "{{ kind }}", "{{ kind }")
    watched.until("À corriger")
    watched.edit("template.html", "{{ kind }", "{{ kind }}")
    watched.edit("style.css", "globe.svg", "absent.svg")
    watched.until("n’est pas dans son dossier")
    watched.edit("style.css", "absent.svg", "globe.svg")
    watched.until("dessiné en", 3)
