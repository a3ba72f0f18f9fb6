"""A value means what was written, or it is refused with its line; both of PyYAML's parsers agree."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.curricula.files import strict_yaml
from app.curricula.files.strict_yaml import FORBIDDEN, parse


@pytest.fixture(autouse=True, params=[yaml.CSafeLoader, yaml.SafeLoader])
def _parser(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(strict_yaml, "PARSER", request.param)
        yield


def defects(text: str) -> list[tuple[int, str, str]]:
    """Return the line, path and code of each problem, and check that each has a complete text."""
    problems = parse(text, "f.yaml").problems
    assert all(problem.message and "{" not in problem.message for problem in problems)
    return [(problem.line, problem.where, problem.code.removeprefix("curricula.yaml.")) for problem in problems]


def test_lines_are_those_of_keys_and_items() -> None:
    document = parse('a: 1\n\n# note\nb:\n  - x\n  - {c: true,\n     d: "no"}\n', "f.yaml")
    assert document.data == {"a": 1, "b": ["x", {"c": True, "d": "no"}]}
    assert document.lines == {
        (): 1,
        ("a",): 1,
        ("b",): 4,
        ("b", 0): 5,
        ("b", 1): 6,
        ("b", 1, "c"): 6,
        ("b", 1, "d"): 7,
    }
    assert document.problem("x", ("b", 1, "missing", 0)).line == 6


@pytest.mark.parametrize(
    "value",
    [
        *("yes", "no", "on", "off", "y", "N", "Yes", "TRUE", "False"),
        *("1.10", "1.0", "1.", ".5", "1e3", "-1.5e-3", ".inf", ".nan"),
        *("010", "0o17", "0x1F", "0b11", "1_000", "+1", "-0", "12:30", "1:30:00", "9" * 16),
        *("2026-01-31", "2026-01-31T10:00:00Z", "~", "null", "Null", "=", "<<"),
    ],
)
def test_what_changes_without_quotes_is_refused(value: str) -> None:
    assert defects(f"a: 1\nb: {value}\n") == [(2, "b", "quote")]
    assert parse(f'a: 1\nb: "{value}"\n', "f.yaml").data == {"a": 1, "b": value}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *(("true", True), ("false", False), ("0", 0), ("-12", -12), ("2026", 2026)),
        *(("async", "async"), ("GEN-1.A", "GEN-1.A"), ("1.0.1", "1.0.1"), ("noix", "noix"), ("12 h", "12 h")),
        *(("'l''eau'", "l'eau"), ("|\n  une\n  deux", "une\ndeux"), (">-\n  une\n  deux", "une deux"), ('""', "")),
    ],
)
def test_what_stays_the_same_is_read(written: str, read: object) -> None:
    document = parse(f"a: {written}", "f.yaml")
    assert (document.data, document.problems) == ({"a": read}, ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", [(3, "a", "duplicate_key")]),
        ('a: {b: 1, "b": 2}\n', [(1, "a.b", "duplicate_key")]),
        ("a: &x {b: 1}\nc: *x\n", [(1, "a", "anchor"), (2, "c", "alias")]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", [(1, "a", "anchor"), (3, "c.?", "quote"), (3, "c.<<", "alias")]),
        ("a: !!str 1.10\n", [(1, "a", "tag")]),
        ("a: !!python/object/apply:os.getcwd []\n", [(1, "a", "tag")]),
        ("a: ! 12\n", [(1, "a", "tag")]),
        ("a:\nb: 1\n", [(1, "a", "missing_value")]),
        ("- a\n-\n", [(2, "[1]", "missing_value")]),
        ("1: a\n", [(1, "", "key")]),
        ("no: a\n", [(1, "?", "quote")]),
        ("? [a]\n: 1\n", [(1, "", "key")]),
        ("a: 1\n---\nb: 2\n", [(2, "", "several")]),
        ("", [(1, "", "empty_file")]),
        ("# only a note\n", [(1, "", "empty_file")]),
        ("a: 1\nb: [1, 2\nc: 3\n", [(3, "", "syntax")]),
        ("a: 1\n b: 2\n", [(2, "", "syntax")]),
        ("a: une: deux\n", [(1, "", "syntax")]),
        ("a:\n\t- b\n", [(2, "", "tab")]),
        ('a: "jamais fermé\n', [(1, "", "unfinished")]),
        ("a:\n  - [1, 2\n", [(2, "", "unfinished")]),
        ("a: 1\nb: \x07\n", [(2, "", "control")]),
        ("a: 1\nb: x\u2028y\n", [(2, "", "control")]),
        ("a: " + "[" * 21 + "]" * 21, [(1, "", "too_deep")]),
        ("a: " + "[" * 9000, [(1, "", "too_deep")]),
    ],
)
def test_a_refusal_names_its_line(text: str, expected: list[tuple[int, str, str]]) -> None:
    assert defects(text) == expected


def test_duplicate_key_keeps_the_first_value_and_names_its_line() -> None:
    document = parse("a: 1\nb: 2\na: 3\n", "f.yaml")
    assert document.data == {"a": 1, "b": 2}
    assert document.problems[0].message == "La clé «\u00a0a\u00a0» est déjà à la ligne 1. Gardez une seule des deux."


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30).filter(lambda text: not FORBIDDEN.search(text))
VALUES = st.recursive(
    TEXT | st.integers(-(10**14), 10**14) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_quoted_text_numbers_and_booleans_come_back_as_written(data: dict[str, Any]) -> None:
    document = parse(json.dumps(data, ensure_ascii=False), "f.yaml")
    assert (document.problems, document.data) == ((), data)


@settings(deadline=None)
@given(st.text(st.sampled_from("0123456789.:-+_eExobnyfNYtTrueslan~ =<"), min_size=1, max_size=10))
def test_a_plain_scalar_keeps_its_characters_or_is_refused(value: str) -> None:
    document = parse(f"a: {value}\n", "f.yaml")
    assume(not document.problems and isinstance(document.data, dict))
    read = document.data["a"]  # type: ignore[index]
    assume(not isinstance(read, (dict, list)))
    assert (read if isinstance(read, str) else json.dumps(read)) == value.strip()
    # Whoever reads the same line with plain PyYAML gets the same value.
    assert yaml.safe_load(f"a: {value}\n") == {"a": read}
