"""A design as one looks at it: drawn, drawn again when it changes, and its faults told without an end."""

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


def test_the_sample_is_drawn(tmp_path: Path) -> None:
    place = tmp_path / "essai.pdf"
    done = CliRunner().invoke(app, ["certificates", "preview", "meridien", "--output", str(place)])
    assert done.exit_code == 0, done.stderr
    assert "dessiné en" in done.stdout
    assert place.read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize("design", ["absent", "../curricula", "fonts", "."])
def test_a_design_that_does_not_exist_is_told_with_those_that_do(design: str) -> None:
    done = CliRunner().invoke(app, ["certificates", "preview", design])
    assert done.exit_code == 1
    assert "escouade, meridien" in done.stderr


class Watched:
    """The command at work on a copy of the designs."""

    def __init__(self, folder: Path) -> None:
        self.designs = folder / "certificates"
        shutil.copytree(DESIGNS, self.designs)
        self.place = folder / "essai.pdf"
        self.said = folder / "said"
        script = f"""
            from pathlib import Path
            from app.certificates.documents import layout
            from app.cli import certificates
            from app.platform.documents import pdf
            pdf.DESIGNS = layout.DESIGNS = certificates.DESIGNS = Path({str(self.designs)!r})
            certificates.preview("meridien", True, Path({str(self.place)!r}))
        """
        with self.said.open("wb") as out:
            command = [sys.executable, "-u", "-c", textwrap.dedent(script)]
            self.process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)

    def edit(self, name: str, before: str, after: str) -> None:
        path = self.designs / "meridien" / name
        path.write_text(path.read_text("utf-8").replace(before, after), "utf-8")

    def until(self, text: str, times: int = 1) -> None:
        """Wait until it has said something so many times."""
        end = time.monotonic() + WAIT_SECONDS
        while self.said.read_text("utf-8").count(text) < times:
            assert self.process.poll() is None, self.said.read_text("utf-8")
            assert time.monotonic() < end, self.said.read_text("utf-8")
            time.sleep(0.1)


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    running = Watched(tmp_path)
    try:
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_it_is_drawn_again_when_a_file_changes_and_faults_do_not_end_it(watched: Watched) -> None:
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
