"""The folder as a whole, and the two real curricula."""

import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from app.curricula import library
from app.curricula.files import register
from app.curricula.files.problems import CurriculumError
from app.curricula.library import DEFAULT_ROOT, check, default_library, load_library, publish
from app.curricula.schemas import Curriculum
from app.network.enums import CertificateKind
from app.platform.errors import NotFound
from tests.factories import curricula as samples


def codes(root: Path) -> list[tuple[str, int, str]]:
    """Return the file, line and code of every problem of a folder, and check that each has a complete text."""
    _, problems = check(root)
    assert all("{" not in problem.message for problem in problems)
    return [(problem.file, problem.line, problem.code.removeprefix("curricula.")) for problem in problems]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return samples.write_folder(tmp_path)


def replace(path: Path, old: str, new: str) -> Path:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


# The real curricula


def test_the_real_folder_checks_clean() -> None:
    assert [str(problem) for problem in check(DEFAULT_ROOT)[1]] == []


@pytest.mark.parametrize(
    ("slug", "hours", "activities", "group_hours", "by_type"),
    [
        (
            "generaliste",
            60,
            27,
            31,
            {"self_study": 15, "workshop": 17, "codev": 12, "field_mandate": 7, "assessment": 9},
        ),
        (
            "specialise",
            210,
            56,
            95,
            {"self_study": 45, "workshop": 60, "codev": 30, "field_mandate": 57, "assessment": 18},
        ),
    ],
)
def test_hours_of_the_real_curricula(
    slug: str, hours: int, activities: int, group_hours: int, by_type: dict[str, int]
) -> None:
    curriculum = default_library().curriculum(slug, "1.0")
    assert (curriculum.hours, len(curriculum.activities), curriculum.group_minutes / 60) == (
        hours,
        activities,
        group_hours,
    )
    hours_by_type: Counter[str] = Counter()
    for activity in curriculum.activities:
        hours_by_type[activity.type] += activity.hours
    assert hours_by_type == by_type


def test_the_real_framework() -> None:
    framework = default_library().framework("1.0")
    assert [competency.code for competency in framework.competencies] == [f"CN-{n:02}" for n in range(1, 13)]
    assert all(len(c.elements) == len(c.criteria) == 3 for c in framework.competencies)
    assert [level.fr for level in framework.scale] == ["Amorcé", "En développement", "Maîtrisé", "Référent"]
    editions = {(a.framework, a.edition) for c in framework.competencies for a in c.alignments}
    assert editions == {("digcomp", "2.2"), ("cadre-qc", "2019")}


def test_certificates_of_the_real_curricula() -> None:
    generalist, specialist = (default_library().curriculum(slug, "1.0") for slug in ("generaliste", "specialise"))
    for curriculum in (generalist, specialist):
        participation = curriculum.rule(CertificateKind.attestation_participation)
        assert participation
        assert (participation.min_attendance_pct, participation.min_hours_pct) == (80, 80)
    achievement = generalist.rule(CertificateKind.attestation_reussite)
    certification = specialist.rule(CertificateKind.certification_collegiale)
    assert achievement
    assert certification
    assert Counter(achievement.thresholds.values()) == {2: 8, 3: 1}
    assert Counter(certification.thresholds.values()) == {3: 12}
    assert certification.mandates
    assert (certification.mandates.min_completed, certification.mandates.min_distinct_enterprises) == (3, 3)


def test_every_real_text_is_translated() -> None:
    def texts(value: object) -> list[object]:
        if isinstance(value, dict):
            localized = [value] if "fr" in value else []
            return [*localized, *(text for item in value.values() for text in texts(item))]
        return [text for item in value for text in texts(item)] if isinstance(value, (list, tuple)) else []

    real = default_library()
    values = [*real.curricula.values(), *real.frameworks.values()]
    assert [text for value in values for text in texts(value.model_dump()) if not text["en"]] == []  # type: ignore[index]


# Reading


def test_lookups(root: Path) -> None:
    loaded = load_library(root)
    curriculum = loaded.curriculum("essai", "1.0")
    assert curriculum == samples.curriculum()
    assert (loaded.slugs, loaded.versions("essai"), loaded.versions("autre")) == (("essai",), ("1.0",), ())
    assert loaded.framework_of(curriculum) == loaded.framework("1.0") == samples.framework()
    for look in (
        lambda: loaded.curriculum("essai", "2.0"),
        lambda: loaded.framework("2.0"),
        lambda: loaded.page("essai", "1.0", "ESS-9.A"),
        lambda: loaded.page("essai", "2.0", "ESS-1.A"),
        lambda: loaded.fingerprint("essai", "2.0"),
    ):
        with pytest.raises(NotFound):
            look()


def test_versions_are_in_the_order_of_their_numbers(root: Path) -> None:
    for version in ("1.10", "1.9", "1.0.1"):
        text = samples.as_yaml(samples.CURRICULUM | {"version": version})
        (root / f"essai/{version}.yaml").write_text(text, "utf-8")
    assert load_library(root).versions("essai") == ("1.0", "1.0.1", "1.9", "1.10")


def test_a_draft_loads_before_its_pages_are_written(root: Path) -> None:
    (root / "essai/1.0/ESS-1.A.md").unlink()
    replace(root / "essai/1.0/ESS-1.B.md", "## Temps", "## Durée")
    loaded = load_library(root)
    assert loaded.page("essai", "1.0", "ESS-1.C").title == "Activité ESS-1.C"
    for code in ("ESS-1.A", "ESS-1.B"):
        with pytest.raises(CurriculumError):
            loaded.page("essai", "1.0", code)


def test_a_page_is_read_once(root: Path) -> None:
    loaded = load_library(root)
    page = loaded.page("essai", "1.0", "ESS-1.A")
    assert loaded.page("essai", "1.0", "ESS-1.A") is page


def test_the_default_library_is_the_repositorys() -> None:
    assert default_library() is default_library()
    assert default_library().root == library.DEFAULT_ROOT
    assert default_library().slugs == ("generaliste", "specialise")


# Problems of a folder


def test_nothing_to_read(tmp_path: Path) -> None:
    assert codes(tmp_path / "absent") == [(".", 1, "file.nothing")]


Bend = Callable[[Path], object]


@pytest.mark.parametrize(
    ("bend", "expected"),
    [
        (
            lambda root: replace(root / "essai/1.0.yaml", "slug: essai", "slug: autre"),
            ("essai/1.0.yaml", 1, "misplaced"),
        ),
        (
            lambda root: (
                (root / "essai/1.0.yaml").rename(root / "essai/1.1.yaml")
                and (root / "essai/1.0").rename(root / "essai/1.1")
            ),
            ("essai/1.1.yaml", 3, "misplaced"),
        ),
        (
            lambda root: (
                (root / "referentiel/1.0.yaml").rename(root / "referentiel/2.0.yaml")
                and replace(root / "essai/1.0.yaml", "  code: CN\n  version: '1.0'", "  code: CN\n  version: '2.0'")
            ),
            ("referentiel/2.0.yaml", 2, "misplaced"),
        ),
        (
            lambda root: replace(
                root / "essai/1.0.yaml", "  code: CN\n  version: '1.0'", "  code: CN\n  version: '2.0'"
            ),
            ("essai/1.0.yaml", 18, "unknown_framework"),
        ),
        (
            lambda root: replace(root / "essai/1.0.yaml", "  code: CN\n", "  code: XX\n"),
            ("essai/1.0.yaml", 18, "unknown_framework"),
        ),
        (
            lambda root: replace(root / "essai/1.0.yaml", "hours: 10", "hours: 11"),
            ("essai/1.0.yaml", 16, "sum_modules"),
        ),
        (
            lambda root: replace(root / "referentiel/1.0.yaml", "- level: 1", "- level: 2"),
            ("referentiel/1.0.yaml", 7, "level_order"),
        ),
        (lambda root: (root / "essai/notes.txt").write_text("?"), ("essai/notes.txt", 1, "file.stray")),
        (lambda root: (root / "essai/2.0").mkdir(), ("essai/2.0", 1, "file.stray")),
        (lambda root: (root / "essai/deux.yaml").write_text("a: 1"), ("essai/deux.yaml", 1, "file.stray")),
        (lambda root: (root / "essai/1.0/ESS-1.A.md").unlink(), ("essai/1.0/ESS-1.A.md", 1, "page_missing")),
        (lambda root: (root / "essai/1.0/ESS-9.A.md").write_text("?"), ("essai/1.0/ESS-9.A.md", 1, "page_orphan")),
        (lambda root: (root / "essai/1.0/image.png").write_text("?"), ("essai/1.0/image.png", 1, "page_orphan")),
        (
            lambda root: (root / "essai/1.0/ESS-1.A.md").write_bytes(b"# \xe9"),
            ("essai/1.0/ESS-1.A.md", 1, "file.encoding"),
        ),
        (
            lambda root: replace(root / "essai/1.0/ESS-1.A.md", "10 min – ", "12 min – "),
            ("essai/1.0/ESS-1.A.md", 16, "page_time_sum"),
        ),
        (
            lambda root: replace(root / "essai/1.0/ESS-1.A.md", "10 min – ", "10 – "),
            ("essai/1.0/ESS-1.A.md", 18, "page_time_form"),
        ),
        (
            lambda root: replace(root / "essai/1.0/ESS-1.A.md", "CN-01.C1", "CN-02.C1"),
            ("essai/1.0/ESS-1.A.md", 14, "page_criterion_foreign"),
        ),
    ],
)
def test_a_defect_is_found_in_its_file(root: Path, bend: Bend, expected: tuple[str, int, str]) -> None:
    bend(root)
    assert expected in codes(root)
    assert len(codes(root)) == (2 if expected[2] == "page_time_form" else 1)


def test_hidden_files_of_tools_are_ignored(root: Path) -> None:
    for folder in (".", "essai", "essai/1.0"):
        (root / folder / ".DS_Store").write_bytes(b"\0")
    assert codes(root) == []


def test_a_faulty_framework_does_not_hide_the_curriculum(root: Path) -> None:
    replace(root / "referentiel/1.0.yaml", "- level: 1", "- level: 2")
    replace(root / "essai/1.0.yaml", "hours: 10", "hours: 11")
    assert [code for _, _, code in codes(root)] == ["level_order", "sum_modules"]
    with pytest.raises(CurriculumError, match=r"referentiel/1\.0\.yaml:7:") as caught:
        load_library(root)
    assert len(caught.value.problems) == 2


def test_unreadable_files_are_all_reported(root: Path) -> None:
    (root / "referentiel/1.0.yaml").write_text("a: [", "utf-8")
    (root / "essai/1.0.yaml").write_text("a: no", "utf-8")
    assert codes(root) == [("referentiel/1.0.yaml", 1, "yaml.unfinished"), ("essai/1.0.yaml", 1, "yaml.quote")]


# Publishing (BR-01)


def test_publishing_writes_the_register_once(root: Path) -> None:
    value = publish(root, "essai", "1.0")
    assert (root / "published.sha256").read_text("utf-8") == f"{value}  essai/1.0\n"
    loaded = load_library(root)
    assert (loaded.published, loaded.is_published("essai", "1.0")) == ({"essai/1.0": value}, True)
    assert loaded.fingerprint("essai", "1.0") == value
    before = (root / "published.sha256").stat()
    assert publish(root, "essai", "1.0") == value
    assert (root / "published.sha256").stat().st_mtime_ns == before.st_mtime_ns
    assert not loaded.is_published("essai", "1.1")


def test_newest_framework_is_that_of_the_highest_number(root: Path) -> None:
    for version in ("1.10", "1.9"):
        text = samples.as_yaml({**samples.framework_data(), "version": version})
        (root / f"referentiel/{version}.yaml").write_text(text, "utf-8")
    assert load_library(root).newest_framework.version == "1.10"


def test_several_versions_are_kept_in_order(root: Path) -> None:
    first = publish(root, "essai", "1.0")
    shutil.copytree(root / "essai/1.0", root / "essai/0.9")
    (root / "essai/0.9.yaml").write_text(samples.as_yaml(samples.CURRICULUM | {"version": "0.9"}), "utf-8")
    second = publish(root, "essai", "0.9")
    assert (root / "published.sha256").read_text("utf-8") == f"{second}  essai/0.9\n{first}  essai/1.0\n"


@pytest.mark.parametrize(
    "edit",
    [
        lambda root: replace(root / "essai/1.0.yaml", "Parcours d'essai", "Autre titre"),
        lambda root: replace(root / "essai/1.0.yaml", "slug: essai", "slug: essai # note"),
        lambda root: replace(root / "essai/1.0/ESS-1.A.md", "Lire.", "Relire."),
        lambda root: (root / "essai/1.0/ESS-1.A.md").unlink(),
        lambda root: (root / "essai/1.0/ESS-9.Z.md").write_text("?"),
        lambda root: (root / "essai/1.0/ESS-1.A.md").rename(root / "essai/1.0/ESS-1.Z.md"),
        lambda root: replace(root / "referentiel/1.0.yaml", "Critère 1", "Critère changé"),
    ],
)
def test_a_published_version_that_changed_is_refused(root: Path, edit: Bend) -> None:
    publish(root, "essai", "1.0")
    register_before = (root / "published.sha256").read_bytes()
    edit(root)
    with pytest.raises(CurriculumError, match=r"La version publiée essai/1\.0 a changé"):
        load_library(root)
    with pytest.raises(CurriculumError, match=r"essai/1\.0\.yaml:1:"):
        publish(root, "essai", "1.0")
    assert (root / "published.sha256").read_bytes() == register_before


def test_a_copy_of_the_real_curricula_is_guarded(tmp_path: Path) -> None:
    root = tmp_path / "curricula"
    shutil.copytree(DEFAULT_ROOT, root)
    for slug in ("generaliste", "specialise"):
        publish(root, slug, "1.0")
    replace(root / "specialise/1.0/SPE-9.08.md", "## Temps", "\n## Temps")
    assert codes(root) == [("specialise/1.0.yaml", 1, "register.changed")]


def test_line_ends_of_a_checkout_change_nothing(root: Path) -> None:
    publish(root, "essai", "1.0")
    for path in (*root.glob("*/*.yaml"), *root.glob("*/*/*.md"), root / "published.sha256"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert codes(root) == []


def test_moving_text_from_one_page_to_another_changes_the_fingerprint(root: Path) -> None:
    """Names and lengths are part of it, not only the bytes one after the other."""
    before = load_library(root).fingerprint("essai", "1.0")
    first, second = root / "essai/1.0/ESS-2.A.md", root / "essai/1.0/ESS-2.B.md"
    text = first.read_text("utf-8")
    first.write_text(text[:-1], "utf-8")
    second.write_text(text[-1] + second.read_text("utf-8"), "utf-8")
    assert load_library(root).fingerprint("essai", "1.0") != before


def test_a_folder_with_problems_publishes_nothing(root: Path) -> None:
    (root / "essai/1.0/ESS-1.A.md").unlink()
    with pytest.raises(CurriculumError, match=r"ESS-1\.A"):
        publish(root, "essai", "1.0")
    assert not (root / "published.sha256").exists()


def test_an_unknown_version_is_not_published(root: Path) -> None:
    with pytest.raises(NotFound):
        publish(root, "essai", "2.0")


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("n'importe quoi\n", [("published.sha256", 1, "register.line")]),
        (f"{'A' * 64}  essai/1.0\n", [("published.sha256", 1, "register.line")]),
        (f"{'a' * 64}  ../1.0\n", [("published.sha256", 1, "register.line")]),
        (f"{'a' * 64}  essai/2.0\n", [("published.sha256", 1, "register.missing")]),
        (f"{'a' * 64}  essai/1.0\n", [("essai/1.0.yaml", 1, "register.changed")]),
        (
            f"{'a' * 64}  essai/2.0\n{'b' * 64}  essai/2.0\n",
            [("published.sha256", 2, "register.line"), ("published.sha256", 1, "register.missing")],
        ),
    ],
)
def test_the_register_is_checked(root: Path, lines: str, expected: list[tuple[str, int, str]]) -> None:
    (root / register.REGISTER).write_text(lines, "utf-8")
    assert codes(root) == expected


def test_a_published_version_that_no_longer_reads_says_why(root: Path) -> None:
    publish(root, "essai", "1.0")
    replace(root / "essai/1.0.yaml", "hours: 10", "hours: 10.5")
    assert codes(root) == [("essai/1.0.yaml", 16, "yaml.quote")]


def test_pages_that_changed_between_versions(root: Path) -> None:
    shutil.copytree(root / "essai/1.0", root / "essai/1.1")
    data = samples.curriculum_data() | {"version": "1.1"}
    (root / "essai/1.1.yaml").write_text(samples.as_yaml(data), "utf-8")
    replace(root / "essai/1.1/ESS-2.A.md", "Lire.", "Relire.")
    loaded = load_library(root)
    assert isinstance(loaded.curriculum("essai", "1.1"), Curriculum)
    assert loaded.changed_pages("essai", "1.0", "1.1") == ("ESS-2.A",)


# Traces


def write_traces(root: Path, *codes: str, version: str = "1.0") -> None:
    lines = "".join(f"  - {code}\n" for code in codes)
    (root / "essai/1.0.traces.yaml").write_text(f'slug: essai\nversion: "{version}"\nactivities:\n{lines}', "utf-8")


def test_traces_of_a_version_are_the_activities_of_its_file(root: Path) -> None:
    curriculum = load_library(root).curriculum("essai", "1.0")
    taken = [a.code for a in curriculum.activities if load_library(root).takes_trace(curriculum, a.code)]
    assert taken == []
    write_traces(root, "ESS-1.A")
    curricula = load_library(root)
    assert [a.code for a in curriculum.activities if curricula.takes_trace(curriculum, a.code)] == ["ESS-1.A"]


def test_traces_added_to_a_published_version_leave_it_as_published(root: Path) -> None:
    sha256 = publish(root, "essai", "1.0")
    write_traces(root, "ESS-1.A")
    assert load_library(root).fingerprint("essai", "1.0") == sha256
    assert codes(root) == []


@pytest.mark.parametrize(
    ("activities", "version", "line", "code"),
    [
        (("ESS-1.A", "ESS-9.A"), "1.0", 5, "unknown_activity"),
        (("ESS-1.A", "ESS-1.A"), "1.0", 5, "duplicate"),
        (("CODEV",), "1.0", 4, "trace_type"),
        (("ASSESSMENT",), "1.0", 4, "trace_type"),
        (("ESS-1.A",), "1.1", 2, "misplaced"),
        ((), "1.0", 3, "yaml.missing_value"),
    ],
)
def test_traces_that_do_not_fit_their_version_are_problems(
    root: Path, activities: tuple[str, ...], version: str, line: int, code: str
) -> None:
    by_type = {a.type.name.upper(): a.code for a in load_library(root).curriculum("essai", "1.0").activities}
    write_traces(root, *(by_type.get(name, name) for name in activities), version=version)
    assert codes(root) == [("essai/1.0.traces.yaml", line, code)]


def test_team_of_an_activity_that_takes_no_trace_is_a_problem(root: Path) -> None:
    write_traces(root, "ESS-1.A")
    file = root / "essai/1.0.traces.yaml"
    text = file.read_text("utf-8")
    file.write_text(text + "teams:\n  - ESS-1.A\n", "utf-8")
    assert codes(root) == []
    curriculum = load_library(root).curriculum("essai", "1.0")
    assert load_library(root).takes_team_trace(curriculum, "ESS-1.A")
    file.write_text(text + "teams:\n  - ESS-1.A\n  - ESS-1.B\n", "utf-8")
    assert [code for _, _, code in codes(root)] == ["team_without_trace"]


def test_traces_of_no_version_are_stray(root: Path) -> None:
    write_traces(root, "ESS-1.A")
    (root / "essai/1.0.traces.yaml").rename(root / "essai/2.0.traces.yaml")
    assert codes(root) == [("essai/2.0.traces.yaml", 1, "file.stray")]


# Admission


def write_admission(root: Path, *slugs: str, version: str = "1.0") -> None:
    lines = "".join(f"  - {slug}\n" for slug in slugs)
    (root / "essai/1.0.admission.yaml").write_text(f'slug: essai\nversion: "{version}"\ncompleted:\n{lines}', "utf-8")


def test_specialist_path_asks_for_the_generalist_one_and_the_generalist_one_for_none() -> None:
    library = default_library()
    asked = {slug: library.admissions.get((slug, "1.0")) for slug in library.slugs}
    assert {slug: rule.completed if rule else () for slug, rule in asked.items()} == {
        "generaliste": (), "specialise": ("generaliste",),
    }  # fmt: skip
    assert library.title("generaliste").startswith("Parcours généraliste")


def test_admission_added_to_a_published_version_leaves_it_as_published(root: Path) -> None:
    sha256 = publish(root, "essai", "1.0")
    (root / "autre").mkdir()
    write_admission(root, "autre")
    assert load_library(root).fingerprint("essai", "1.0") == sha256
    assert codes(root) == []


@pytest.mark.parametrize(
    ("slugs", "version", "line", "code"),
    [
        (("nulle-part",), "1.0", 4, "unknown_path"),
        (("essai",), "1.0", 4, "unknown_path"),
        (("autre", "autre"), "1.0", 5, "duplicate"),
        (("autre",), "1.1", 2, "misplaced"),
        ((), "1.0", 3, "yaml.missing_value"),
    ],
)
def test_admission_that_does_not_fit_its_version_is_a_problem(
    root: Path, slugs: tuple[str, ...], version: str, line: int, code: str
) -> None:
    (root / "autre").mkdir()
    write_admission(root, *slugs, version=version)
    assert codes(root) == [("essai/1.0.admission.yaml", line, code)]
