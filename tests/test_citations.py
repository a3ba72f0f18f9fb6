"""What the code and the pages cite is in the repository, and what the pages say of code and tests is still there."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = (".ci", "app", "bench", "certificates", "curricula", "deploy", "docs", "migrations", "tests")
SUFFIXES = frozenset({"", ".css", ".csv", ".html", ".ini", ".js", ".md", ".mjs", ".po", ".py", ".toml", ".yaml"})
NO_PROSE = frozenset({"htmx.min.js"})
"""Files of others, whose words are not ours."""

RULES = {f"BR-{n:02}" for n in range(1, 31)}
SCENARIOS = {f"S{n}" for n in range(1, 13)}
RULE = re.compile(r"\bBR-\d+\b")
SCENARIO = re.compile(r"(?<![\w.-])S\d{1,2}(?![\w-])")
TEST = re.compile(r"`(tests/[\w/]+\.py(?:::\w+)+)`")
PLACE = re.compile(r"`([\w/.]+\.\w+)` \(((?:`[^`]+`(?:, )?)+)\)")

ABSENT = (
    re.compile(r"\b(?:design|house) rules? \d", re.IGNORECASE),
    re.compile(r"\bbrief(?:,? (?:section|scenario|S)?\s*\d|[,;)]| and\b)", re.IGNORECASE),
    re.compile(r"\b(?:the|domain) brief\b", re.IGNORECASE),
    re.compile(r"\brecipes?\b", re.IGNORECASE),
    re.compile(r"(?<![\w./])(?:design|house|measured|peers|recipes[-\w]*|standards|style|trust)\.md\b"),
)
"""How documents that are not here were cited; a rule, scenario, decision, law or standard is cited instead."""

DECISION = re.compile(r"\b(?:ADR[ -]?|docs/decisions/|decisions/)(\d{1,4})\b")


def files(*folders: str) -> Iterator[Path]:
    """Text files of folders of the repository."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            ours = path.name not in NO_PROSE and "node_modules" not in path.parts
            if ours and path.suffix in SUFFIXES and path.is_file():
                yield path


def read(path: Path) -> str:
    """A file's text."""
    return path.read_text(encoding="utf-8")


def comments(source: str) -> Iterator[str]:
    """The comments and docstrings of a Python file."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.value.value


def prose(path: Path) -> str:
    """What a file says in words: all of a page, the comments and docstrings of code."""
    text = read(path)
    return "\n".join(comments(text)) if path.suffix == ".py" else text if path.suffix == ".md" else ""


def sections(page: str) -> dict[str, str]:
    """The sections of a page of ``docs/`` by the first word of their heading, which is followed by a name."""
    parts = re.split(r"^## (\S+) \S.*$", read(ROOT / "docs" / page), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def declared_in(path: Path) -> frozenset[str]:
    """Names of the tests of a file, ``Class::name`` inside a class."""
    found = set()
    for node in ast.parse(read(path)).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found.update(f"{node.name}::{inner.name}" for inner in node.body if isinstance(inner, ast.FunctionDef))
    return frozenset(found)


def missing_tests(text: str) -> Iterator[str]:
    """Test ids named in a text that no test has."""
    for name in TEST.findall(text):
        file, _, test = name.partition("::")
        if not (ROOT / file).is_file() or test not in declared_in(ROOT / file):
            yield name


# Rules and scenarios ----------------------------------------------------------------------------


@pytest.mark.parametrize(("page", "known"), [("rules.md", RULES), ("scenarios.md", SCENARIOS)])
def test_each_rule_and_scenario_has_its_section(page: str, known: set[str]) -> None:
    headings = re.findall(r"^## (\S+)", read(ROOT / "docs" / page), flags=re.MULTILINE)
    assert set(headings) == known
    assert len(headings) == len(known), "twice"
    assert set(sections(page)) == known, "each has a name"


@pytest.mark.parametrize("rule", sorted(RULES))
def test_each_rule_says_where_and_how_it_is_tested(rule: str) -> None:
    text = sections("rules.md")[rule]
    assert "\nWhere: " in text
    assert "\nTests:" in text
    assert TEST.search(text) or "Not built yet: " in text


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_each_result_of_a_scenario_has_a_test_or_says_that_it_has_none(scenario: str) -> None:
    for result in re.split(r"^- ", sections("scenarios.md")[scenario], flags=re.MULTILINE)[1:]:
        assert TEST.search(result) or re.search("- Not (?:built|tested) yet", result), result


def test_each_citation_has_its_section() -> None:
    unknown = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in files(*FOLDERS)
        for name in RULE.findall(read(path)) + SCENARIO.findall(prose(path))
        if name not in RULES | SCENARIOS
    ]
    assert unknown == []


@pytest.mark.parametrize("page", ["rules.md", "scenarios.md"])
def test_each_test_named_exists(page: str) -> None:
    text = read(ROOT / "docs" / page)
    assert len(TEST.findall(text)) > 50
    assert list(missing_tests(text)) == []


@pytest.mark.parametrize("page", ["rules.md", "scenarios.md"])
def test_each_file_named_exists(page: str) -> None:
    named = re.findall(r"`((?:app|curricula|docs|migrations)/[\w/.-]+\.\w+)`", read(ROOT / "docs" / page))
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_each_place_of_a_rule_holds_what_it_names() -> None:
    found = PLACE.findall(re.sub(r"\n(?=\S)", " ", read(ROOT / "docs" / "rules.md")))
    assert len(found) > 50
    for file, names in found:
        text = read(ROOT / file)
        for name in re.findall(r"`([^`]+)`", names):
            assert re.search(rf"\b{name}\b", text), f"{file}: {name}"


def test_each_identifier_of_the_glossary_exists() -> None:
    words = {word for path in files("app") if path.suffix == ".py" for word in re.findall(r"\w+", read(path))}
    rows = [line.split(" | ") for line in read(ROOT / "docs" / "glossary.md").splitlines() if line.startswith("| ")]
    assert len(rows) > 50
    for row in rows[1:]:
        _, _, identifiers, _ = row
        for name in re.findall(r"`([^`]+)`", identifiers):
            assert set(name.split(".")) <= words, name


# Documents that are not here --------------------------------------------------------------------


def test_no_citation_of_a_document_that_is_not_here() -> None:
    pages = [*files(*FOLDERS), *ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"]
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in pages
        if path != Path(__file__)
        for number, line in enumerate(read(path).splitlines(), start=1)
        if any(pattern.search(line) for pattern in ABSENT)
    ]
    assert found == []


def test_each_decision_cited_exists() -> None:
    known = {int(path.name[:4]) for path in (ROOT / "docs" / "decisions").glob("*.md")}
    cited = {int(n) for path in files(*FOLDERS) if path != Path(__file__) for n in DECISION.findall(read(path))}
    assert cited <= known


# The checks themselves --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "(design rule 3)", "house rules 1 to 9", "brief 4.6", "(brief, scenario S8)", "Brief section 7", "the brief",
        "(recipes: threads)", "trust.md 2", "design.md names", "Sources: BR-12, brief 3.2 and 3.7", "brief S7",
    ],
)  # fmt: skip
def test_a_citation_of_an_absent_document_is_found(line: str) -> None:
    assert any(pattern.search(line) for pattern in ABSENT)


@pytest.mark.parametrize("line", ["House rules, in short", "briefly", "a design rule", "docs/design.md", "in style"])
def test_other_words_are_none(line: str) -> None:
    assert not any(pattern.search(line) for pattern in ABSENT)


def test_a_scenario_is_not_a_lint_code() -> None:
    assert SCENARIO.findall("# noqa: S603, and S4 (S13): X-S3, AES-S2") == ["S4", "S13"]


def test_a_missing_test_is_found() -> None:
    here = "tests/test_citations.py"
    names = [f"`{here}::{name}`" for name in ("test_other_words_are_none", "test_nothing", "Nobody::test_nothing")]
    assert list(missing_tests(" ".join(names))) == [f"{here}::test_nothing", f"{here}::Nobody::test_nothing"]
    assert list(missing_tests("`tests/test_absent.py::test_nothing`")) == ["tests/test_absent.py::test_nothing"]
