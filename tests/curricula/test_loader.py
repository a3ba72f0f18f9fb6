"""Shape errors: file, line, path and words."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, EmailStr

from app.curricula.files.loader import MAX_BYTES, load
from app.curricula.schemas import Curriculum, Framework
from tests.factories import curricula as samples


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "1.0.yaml"
    path.write_text(text, "utf-8")
    return path


def defects(tmp_path: Path, text: str) -> list[tuple[int, str, str]]:
    """Line, path and message of each problem of a curriculum's text."""
    loaded = load(written(tmp_path, text), "essai/1.0.yaml", Curriculum)
    assert all(problem.file == "essai/1.0.yaml" for problem in loaded.problems)
    assert (loaded.value is None) == bool(loaded.problems)
    return [(problem.line, problem.where, problem.message) for problem in loaded.problems]


TEXT = samples.as_yaml(samples.CURRICULUM)


def line_of(text: str, beginning: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(beginning))


def test_a_good_file(tmp_path: Path) -> None:
    assert load(written(tmp_path, TEXT), "essai/1.0.yaml", Curriculum).value == samples.curriculum()


def test_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "1.0.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode())
    assert load(path, "essai/1.0.yaml", Curriculum).value == samples.curriculum()


@pytest.mark.parametrize(
    ("old", "new", "beginning", "expected"),
    [
        (
            "version: '1.0'\ntitle",
            "version: 1\ntitle",
            "version: 1",
            "version: Un texte est attendu, pas 1. Mettez-le entre guillemets.",
        ),
        ("weeks: 4", "weeks: '4'", "weeks", "weeks: Un nombre entier est attendu, sans guillemets, pas « 4 »."),
        ("weeks: 4", "weeks: true", "weeks", "weeks: Un nombre entier est attendu, sans guillemets, pas « true »."),
        ("weeks: 4", "weeks: [4]", "weeks", "weeks: Un nombre entier est attendu, sans guillemets, pas « […] »."),
        ("weeks: 4", "semaines: 4\nweeks: 4", "semaines", "semaines: La clé « semaines » n'est pas connue ici."),
        ("weeks: 4\n", "", "slug", "weeks: La clé « weeks » est obligatoire."),
        ("weeks: 4", "weeks: 0", "weeks", "weeks: 0 est trop petit : le minimum est 1."),
        ("weeks: 4", "weeks: 999", "weeks", "weeks: 999 est trop grand : le maximum est 260."),
        (
            "all_modules: true",
            "all_modules: 'yes'",
            "all_modules",
            "certificates[1].all_modules: true ou false est attendu, sans guillemets, pas « yes ».",
        ),
        (
            "kind: orientation",
            "kind: conseil",
            "kind: conseil",
            "certificates[1].mandates.kind: « conseil » n'est pas un des choix : orientation, accompagnement.",
        ),
        (
            "    CN-01: 2",
            "    CN-01: 5",
            "CN-01: 5",
            "certificates[1].thresholds.CN-01: 5 est trop grand : le maximum est 4.",
        ),
        (
            "    CN-01: 2",
            "    CN1: 2",
            "CN1",
            "certificates[1].thresholds.CN1: « CN1 » n'a pas la forme attendue (^[A-Z]{2,5}-[0-9]{2}$).",
        ),
        (
            "slug: essai",
            "slug: Mon Essai",
            "slug",
            "slug: « Mon Essai » n'a pas la forme attendue (^[a-z]+(-[a-z0-9]+)*$).",
        ),
        ("  fr: Essayer\n", "", "object", "object.fr: La clé « fr » est obligatoire."),
        ("  fr: Essayer\n", "  fr: ''\n", "fr: ''", "object.fr: Le texte est vide."),
        (
            "  fr: Essayer\n",
            "  fr: 'Essayer '\n",
            "fr: 'Essayer '",
            "object.fr: « Essayer  » n'a pas la forme attendue (^\\S([\\s\\S]*\\S)?$).",
        ),
        (
            "object:\n  fr: Essayer\n  en: Essayer (en)\n",
            "object: Essayer\n",
            "object",
            "object: Des paires « clé : valeur » sont attendues.",
        ),
        (
            "  thresholds:\n    CN-01: 2\n    CN-02: 2\n",
            "  thresholds: [CN-01]\n",
            "thresholds",
            "certificates[1].thresholds: Des paires « clé : valeur » sont attendues.",
        ),
        (
            "  prerequisites:\n  - ESS-1\n",
            "  prerequisites: ESS-1\n",
            "prerequisites",
            "modules[1].prerequisites: Une liste est attendue (des lignes qui commencent par un tiret).",
        ),
        (
            "  outcomes:\n  - fr: Savoir\n    en: Savoir (en)\n",
            "  outcomes: []\n",
            "outcomes: []",
            "modules[0].outcomes: Il manque des éléments : il en faut au moins 1; trouvés : 0.",
        ),
    ],
)
def test_a_wrong_shape(tmp_path: Path, old: str, new: str, beginning: str, expected: str) -> None:
    """``expected`` is the path and the message, at the line that begins with ``beginning``."""
    assert TEXT.count(old) == 1
    text = TEXT.replace(old, new)
    ((line, where, message),) = defects(tmp_path, text)
    assert (line, f"{where}: {message}".replace("\u00a0", " ")) == (line_of(text, beginning), expected)


def test_every_defect_is_reported_at_once(tmp_path: Path) -> None:
    text = (
        TEXT.replace("weeks: 4", "weeks: '4'").replace("mode: hybrid", "mode: libre").replace("slug: essai", "slug: 3")
    )
    assert [(line, where) for line, where, _ in defects(tmp_path, text)] == [
        (line_of(text, "slug"), "slug"),
        (line_of(text, "weeks"), "weeks"),
        (line_of(text, "mode: libre"), "modules[0].activities[1].mode"),
    ]


def test_levels_are_four(tmp_path: Path) -> None:
    data: dict[str, Any] = samples.framework_data()
    data["scale"].append({**data["scale"][0]})
    loaded = load(written(tmp_path, samples.as_yaml(data)), "f.yaml", Framework)
    assert [(p.where, p.message) for p in loaded.problems] == [
        ("scale", "Trop d'éléments\u00a0: il en faut au plus 4.")
    ]


def test_a_yaml_defect_stops_before_the_shape(tmp_path: Path) -> None:
    text = TEXT.replace("weeks: 4", "weeks: 4.0").replace("slug: essai\n", "")
    assert [where for _, where, _ in defects(tmp_path, text)] == ["weeks"]


def test_a_list_is_not_a_curriculum(tmp_path: Path) -> None:
    assert defects(tmp_path, "- a\n") == [(1, "", "Des paires «\u00a0clé\u00a0: valeur\u00a0» sont attendues.")]


def test_too_big(tmp_path: Path) -> None:
    assert defects(tmp_path, "#" * (MAX_BYTES + 1)) == [(1, "", "Le fichier dépasse 512 Ko.")]


def test_wrong_encoding_names_the_line(tmp_path: Path) -> None:
    path = tmp_path / "1.0.yaml"
    path.write_bytes("a: 1\nb: été\n".encode("latin-1"))
    (problem,) = load(path, "essai/1.0.yaml", Curriculum).problems
    assert (problem.line, problem.code) == (2, "curricula.file.encoding")


def test_a_long_value_is_cut(tmp_path: Path) -> None:
    ((_, _, message),) = defects(tmp_path, TEXT.replace("slug: essai", f"slug: {'É' * 200}"))
    assert message.startswith("«\u00a0" + "É" * 59 + "…\u00a0»")


def test_a_type_error_without_its_own_sentence(tmp_path: Path) -> None:
    class Contact(BaseModel):
        mail: EmailStr

    (problem,) = load(written(tmp_path, "mail: personne\n"), "f.yaml", Contact).problems
    assert (problem.line, problem.message) == (1, "La valeur «\u00a0personne\u00a0» ne convient pas (value_error).")


def test_a_problem_as_a_line_of_text(tmp_path: Path) -> None:
    (problem,) = load(written(tmp_path, TEXT.replace("weeks: 4", "weeks: 0")), "essai/1.0.yaml", Curriculum).problems
    line = line_of(TEXT, "weeks")
    assert str(problem) == f"essai/1.0.yaml:{line}: weeks 0 est trop petit\u00a0: le minimum est 1."
