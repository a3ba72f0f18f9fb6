"""The files of mappings and the patches of a folder: read, checked, published, found (S8, BR-01)."""

import shutil
from pathlib import Path

import pytest

from app.curricula.files.problems import CurriculumError
from app.curricula.library import check, load_library, publish
from app.curricula.mappings.schemas import Credit
from app.platform.errors import NotFound
from tests.factories import curricula as samples
from tests.factories.mappings import after_data, mapping_data

MAPPING = "correspondances/essai-1.0_essai-1.1.yaml"


def codes(root: Path) -> list[tuple[str, str]]:
    return [(p.file, p.code.removeprefix("curricula.")) for p in check(root)[1]]


def add_version(root: Path, version: str, data: samples.Data | None = None) -> None:
    """Write a version of the curriculum of the factories, with its pages."""
    samples.write_folder(root, (data or samples.curriculum_data()) | {"version": version})


def write_mapping(root: Path, data: samples.Data | None = None, name: str = MAPPING) -> Path:
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(samples.as_yaml(data or mapping_data()), "utf-8")
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with the versions 1.0, published, and 1.1 of a path, and the mapping between them."""
    samples.write_folder(tmp_path)
    publish(tmp_path, "essai", "1.0")
    add_version(tmp_path, "1.1", after_data())
    write_mapping(tmp_path)
    return tmp_path


def test_version_is_published_with_the_mapping_from_the_one_before_it(root: Path) -> None:
    assert codes(root) == []
    publish(root, "essai", "1.1")
    library = load_library(root)
    assert [*library.published, *library.published_mappings] == ["essai/1.0", "essai/1.1", MAPPING[: -len(".yaml")]]
    assert library.summaries[("essai", "1.0"), ("essai", "1.1")].fr == "Une heure de plus."
    write_mapping(root, mapping_data() | {"summary": samples.localized("Autrement.")})
    assert codes(root) == [(MAPPING, "register.changed")]


def test_version_without_a_mapping_from_the_one_before_it_is_not_published(root: Path) -> None:
    (root / MAPPING).unlink()
    with pytest.raises(CurriculumError, match=r"Il manque la correspondance de essai-1\.0 à essai-1\.1"):
        publish(root, "essai", "1.1")
    assert "essai/1.1" not in load_library(root).published


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        (MAPPING, {"activities": mapping_data()["activities"][1:]}, [(MAPPING, "mapping_hole")]),
        (MAPPING, {"source": {"slug": "essai", "version": "0.9"}}, [
            (MAPPING, "misplaced"), (MAPPING, "mapping_version"),
        ]),
        ("correspondances/autre.yaml", {}, [("correspondances/autre.yaml", "misplaced")]),
        ("correspondances/note.txt", {}, [("correspondances/note.txt", "file.stray")]),
        (MAPPING, {"competencies": "aucune"}, [(MAPPING, "shape.tuple_type")]),
    ],
)  # fmt: skip
def test_file_of_a_mapping_with_a_defect_is_a_problem(
    root: Path, name: str, change: samples.Data, expected: list[tuple[str, str]]
) -> None:
    (root / MAPPING).unlink()
    write_mapping(root, mapping_data() | change, name)
    assert codes(root) == expected


def test_chain_of_versions_and_patches_is_composed(root: Path) -> None:
    third = after_data()
    third["modules"][0]["activities"][1] = samples.activity("ESS-1.E", "workshop", "hybrid", 3)
    add_version(root, "1.2", third)
    add_version(root, "1.2.1", third)
    onward = mapping_data() | {
        "source": {"slug": "essai", "version": "1.1"}, "target": {"slug": "essai", "version": "1.2"},
    }  # fmt: skip
    onward["activities"][1] = {"code": "ESS-1.D", "fate": "carried", "to": [{"code": "ESS-1.E", "hours": 3}]}
    write_mapping(root, onward, "correspondances/essai-1.1_essai-1.2.yaml")
    assert codes(root) == []
    library = load_library(root)
    for version in ("1.2", "1.2.1"):
        mapping = library.mapping(("essai", "1.0"), ("essai", version))
        assert mapping is not None
        assert mapping.credits("ESS-1.B") == (Credit(code="ESS-1.E", minutes=120, complete=False),)
        assert mapping.credits("ESS-2.A") == (Credit(code="ESS-2.A", minutes=180, complete=True),)
    assert library.mapping(("essai", "1.2"), ("essai", "1.0")) is None
    with pytest.raises(NotFound):
        library.mapping(("essai", "1.0"), ("essai", "9.9"))


# Patches


def test_patch_that_changes_words_alone_is_published_without_a_mapping(root: Path) -> None:
    data = samples.curriculum_data() | {"title": samples.localized("Mieux dit")}
    add_version(root, "1.0.1", data)
    assert codes(root) == []
    publish(root, "essai", "1.0.1")
    assert load_library(root).is_published("essai", "1.0.1")


def test_whoever_follows_a_version_reads_it_as_its_newest_published_patch_words_it(root: Path) -> None:
    before = load_library(root).worded("essai", "1.0")
    for patch in ("1.0.1", "1.0.2"):
        add_version(root, patch, samples.curriculum_data() | {"title": samples.localized(f"Titre de {patch}")})
        page = root / f"essai/{patch}/ESS-1.A.md"
        page.write_text(page.read_text("utf-8").replace("Lire.", f"Lire {patch}."), "utf-8")
    assert load_library(root).worded("essai", "1.0") == before
    publish(root, "essai", "1.0.1")
    library = load_library(root)
    now = library.worded("essai", "1.0")
    assert (now.version, now.title.fr) == ("1.0", "Titre de 1.0.1")
    assert now == before.model_copy(update={"title": now.title})
    assert library.worded("essai", "1.0") is now
    assert "Lire 1.0.1." in library.page("essai", "1.0", "ESS-1.A").steps
    assert library.worded("essai", "1.1") is library.curriculum("essai", "1.1")
    assert library.curriculum("essai", "1.0") == before
    publish(root, "essai", "1.0.2")
    library = load_library(root)
    assert library.worded("essai", "1.0").title == library.worded("essai", "1.0.1").title
    assert library.worded("essai", "1.0").title.fr == "Titre de 1.0.2"


def test_patch_that_changes_a_rule_is_a_problem(root: Path) -> None:
    add_version(root, "1.0.1", samples.curriculum_data() | {"weeks": 5})
    assert codes(root) == [("essai/1.0.1.yaml", "patch_rule")]


def test_patch_of_no_version_is_a_problem(root: Path) -> None:
    add_version(root, "1.3.2")
    assert codes(root) == [("essai/1.3.2.yaml", "patch_alone")]


def test_patch_whose_pages_ask_for_other_criteria_is_a_problem(root: Path) -> None:
    add_version(root, "1.0.1")
    page = root / "essai/1.0.1/ESS-1.A.md"
    page.write_text(page.read_text("utf-8").replace("CN-01.C1", "CN-01.C2"), "utf-8")
    assert codes(root) == [("essai/1.0.1/ESS-1.A.md", "patch_criteria")]
    shutil.copy(root / "essai/1.0/ESS-1.A.md", page)
    assert codes(root) == []
