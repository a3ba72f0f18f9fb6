import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.curricula import app
from app.curricula.library import load_library, publish
from tests.factories import curricula as samples


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return samples.write_folder(tmp_path)


def run(*arguments: str | Path) -> tuple[int, str]:
    """Exit status and what was printed, with ordinary spaces."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output.replace("\u00a0", " ")


def test_check_of_the_repository() -> None:
    assert run("check") == (0, "Rien à corriger. Versions de parcours : 4; activités : 168.\n")


def test_check_shows_each_problem_with_its_place(root: Path) -> None:
    path = root / "essai/1.0.yaml"
    path.write_text(path.read_text("utf-8").replace("hours: 10", "hours: 11"), "utf-8")
    (root / "essai/1.0/[bold]ESS.md").write_text("?", "utf-8")
    status, printed = run("check", root)
    assert status == 1
    assert "essai/1.0.yaml:16" in printed
    assert "Le parcours annonce 11 h, mais ses modules totalisent 10 h." in printed
    assert "essai/1.0/[bold]ESS.md:1" in printed
    assert printed.endswith("2 problèmes à corriger.\n")


def test_check_of_an_absent_folder(tmp_path: Path) -> None:
    status, printed = run("check", tmp_path / "absent")
    assert (status, printed.splitlines()[-1]) == (1, "1 problème à corriger.")


def test_schema_is_compared_then_written(root: Path) -> None:
    assert run("schema") == (0, "Les schémas sont à jour.\n")
    names = "curriculum.json, framework.json, traces.json, admission.json, lexicon.json, mapping.json"
    assert run("schema", "--path", root) == (
        1,
        f"Ces schémas ne sont plus à jour : {names}. Écrivez-les avec --write.\n",
    )
    assert run("schema", "--write", "--path", root) == (0, f"Schémas écrits : {names}.\n")
    assert run("schema", "--check", "--path", root) == (0, "Les schémas sont à jour.\n")


def test_publish(root: Path) -> None:
    status, printed = run("publish", "essai", "1.0", "--path", root)
    sha256 = load_library(root).published["essai/1.0"]
    assert (status, printed) == (0, f"essai 1.0 est publié : {sha256}\n")
    assert run("publish", "essai", "1.0", "--path", root) == (0, printed)


def test_publish_refuses_what_does_not_check_clean(root: Path) -> None:
    publish(root, "essai", "1.0")
    page = root / "essai/1.0/ESS-1.A.md"
    page.write_text(page.read_text("utf-8").replace("Lire.", "Relire."), "utf-8")
    status, printed = run("publish", "essai", "1.0", "--path", root)
    assert status == 1
    assert "La version publiée essai/1.0 a changé." in printed


def test_publish_of_an_unknown_version(root: Path) -> None:
    assert run("publish", "essai", "3.0", "--path", root) == (1, "La version essai 3.0 n'existe pas.\n")


def test_diff(root: Path) -> None:
    data = samples.curriculum_data() | {"version": "1.1", "weeks": 6, "hours": 12}
    data["modules"][0]["hours"] = 6
    data["modules"][0]["activities"][1]["hours"] = 4
    (root / "essai/1.1.yaml").write_text(samples.as_yaml(data), "utf-8")
    shutil.copytree(root / "essai/1.0", root / "essai/1.1")
    (root / "essai/1.1/ESS-1.B.md").write_text(samples.page("ESS-1.B", 240), "utf-8")
    status, printed = run("diff", "essai", "1.0", "1.1", "--path", root)
    rows = [
        " ".join(cell.strip() for cell in line.strip("│ ").split("│")) for line in printed.splitlines() if "│" in line
    ]
    assert status == 0
    assert printed.startswith("essai : de 1.0 à 1.1\nEn-tête modifié : hours, weeks\n")
    assert rows == [
        "ESS-1 Module 1 Modification 4 h 6 h hours",
        "ESS-1.B Activité ESS-1.B Modification 2 h 4 h hours",
    ]
    assert printed.count("Heures : 2 h de plus, 0 h de moins.") == 2
    assert printed.endswith("Pages modifiées : ESS-1.B\n")


def test_diff_of_a_version_with_itself_or_with_none(root: Path) -> None:
    same = "essai : de 1.0 à 1.0\nAucune différence.\n"
    assert run("diff", "essai", "1.0", "1.0", "--path", root) == (0, same)
    assert run("diff", "essai", "1.0", "2.0", "--path", root) == (1, "La version essai 2.0 n'existe pas.\n")


def test_diff_needs_a_folder_that_loads(root: Path) -> None:
    (root / "essai/1.0.yaml").write_text("a: no", "utf-8")
    status, printed = run("diff", "essai", "1.0", "1.0", "--path", root)
    assert status == 1
    assert "essai/1.0.yaml:1" in printed
