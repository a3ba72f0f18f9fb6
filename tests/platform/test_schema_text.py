"""The cleaner of what people type, and the types of text that use it."""

import unicodedata
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, StringConstraints, ValidationError

from app.people.schemas import NewPerson
from app.platform import text
from app.platform.schema import Address, Code, Command, Line, Name, Prose

CLEANERS = (text.clean, text.clean_line, text.clean_name, text.clean_address, text.clean_code)
PIECES = st.sampled_from(
    ["a", "é", "e\u0301", "Ȣ", "\ua789", "ᐃ", " ", "\u00a0", "\n", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u200b",
     "\u200d", "\u202e", "\u2060", "\ufeff", "\u3164", "\u2800", "\u00ad", "\x1f", "\ufe0f", "\U000e0041", "-",
     "\u2011", "'", "\u2019", "1", "١", "１", "\u0328", "\u0301", "\ufb01", "ﬀ", "👩", "\u0600"]
)  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(PIECES).map("".join))


class Typed(Command):
    """A command with a field of each type of text."""

    line: Line
    name: Name | None = None
    prose: Prose | None = None
    code: Annotated[Code, StringConstraints(pattern=r"^[A-Z]{3}-[0-9]$")] | None = None
    address: Address | None = None
    bare: str = ""
    number: int | None = None
    many: tuple[str, ...] = ()
    password: SecretStr | None = None


def problems(**fields: object) -> list[tuple[str, str]]:
    """Return the type and the field of each error."""
    with pytest.raises(ValidationError) as refusal:
        Typed.model_validate({"line": "x", **fields})
    return [(error["type"], ".".join(map(str, error["loc"]))) for error in refusal.value.errors()]


@pytest.mark.parametrize("clean", CLEANERS)
@given(typed=TEXTS)
def test_cleaned_text_cleaned_again_is_unchanged(clean: object, typed: str) -> None:
    assert callable(clean)
    try:
        once = clean(typed)
    except ValueError:
        return
    assert clean(once) == once
    assert once == unicodedata.normalize("NFC", once).strip()
    assert not {unicodedata.category(c) for c in once if c not in "\n\t"} & {"Cc", "Cs", "Zl", "Zp"}


@given(
    name=st.text("aé'’ -ŁȢᐃ", min_size=1), hidden=st.text("\u200b\u200d\u2060\u202e\ufeff\u00ad\ufe0f\u3164\U000e0041")
)
def test_name_with_hidden_characters_is_the_name_without(name: str, hidden: str) -> None:
    try:
        expected = text.clean_name(name)
    except text.NoLetter:
        return
    assert text.clean_name(hidden.join(name)) == expected
    assert text.clean_name(hidden + name + hidden) == expected


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Trem\u200bblay", "Tremblay"),
        ("\u202eNguyễn\u202c", "Nguyễn"),
        ("  Zoe\u0301 \u00a0 Co\u0302te\u0301 ", "Zoé Côté"),
        ("Saint\u00adJean", "SaintJean"),
        ("Karonhiahkwe\ua789ha", "Karonhiahkwe\ua789ha"),
        ("O’Neil\nRoy", "O’Neil Roy"),
        ("Ma\u200cry\ufe0f", "Mary"),
        ("Li\u2800Wei", "Li Wei"),
    ],
)
def test_name_is_stored_without_what_nobody_sees(typed: str, stored: str) -> None:
    assert text.clean_name(typed) == stored
    assert Typed(line="x", name=typed).name == stored


@pytest.mark.parametrize(
    "typed", ["", " ", "\u200b\u2060", "\u3164", "\u2800", "\ufe0f", "\u00a0\u202f", "\u200d\u200e"]
)
def test_text_of_nothing_visible_is_missing_or_none(typed: str) -> None:
    assert problems(line=typed) == [("missing", "line")]
    empty = Typed.model_validate({"line": "x", "name": typed, "prose": typed, "address": typed, "number": typed})
    assert (empty.name, empty.prose, empty.address, empty.number) == (None, None, None, None)
    assert Typed.model_validate({"line": "x", "bare": typed}).bare == ""


@pytest.mark.parametrize("typed", ["1234", "'", "--", "\u0301", "\ua789", "ʼ", "👩", "🏴\U000e0067\U000e007f"])
def test_name_without_a_letter_is_refused(typed: str) -> None:
    assert problems(name=typed) == [("name_without_letter", "name")]


@pytest.mark.parametrize("sign", ["\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\r\n", "\r", "\n"])
def test_prose_with_any_line_break_keeps_its_lines(sign: str) -> None:
    assert Typed(line="x", prose=f"Première{sign}seconde").prose == "Première\nseconde"
    assert Typed(line=f"Première{sign}seconde").line == "Première seconde"


def test_prose_keeps_what_sentences_need_and_loses_what_misleads() -> None:
    kept = "👩\u200d💻 می\u200cخواهم \u200fעברית\u200e ❤\ufe0f «\u00a0oui\u00a0»"
    assert Typed(line="x", prose=kept).prose == kept
    assert Typed(line="x", prose="a\u202ebc\u202c\u2066d\ufeff\u00ad\x1fe\U000e0041").prose == "abcde"


@pytest.mark.parametrize(
    ("typed", "character", "around"),
    [
        ("bonjour à toute l\x92équipe du lac", "U+0092", "bonjour à toute l▯équipe du lac"),
        ("\x00", "U+0000", "▯"),
        ("a\ud800b", "U+D800", "a▯b"),
        ("un\x1btrès " + "long " * 20, "U+001B", "un▯très long long long long"),
        ("fin\uffff", "U+FFFF", "fin▯"),
    ],
)
def test_refused_character_is_named_with_the_words_around_it(typed: str, character: str, around: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        Typed.model_validate({"line": "x", "bare": typed})
    [error] = refusal.value.errors()
    assert error["type"] == "refused_character"
    assert (error["ctx"]["character"], error["ctx"]["around"]) == (character, around)


def test_name_with_a_letter_lost_by_a_conversion_is_refused() -> None:
    assert problems(name="Th\ufffdr\u00e8se") == [("refused_character", "name")]
    assert Typed(line="x", prose="Th\ufffdrèse").prose == "Th\ufffdrèse"


@pytest.mark.parametrize("typed", ["GEN-1", "GEN\u20111", " GEN–\u200b1\u00a0", "ＧＥＮ－１", "GEN\u22121"])
def test_code_is_read_as_people_copy_it(typed: str) -> None:
    assert Typed(line="x", code=typed).code == "GEN-1"


def test_address_is_stored_without_what_nobody_sees() -> None:
    assert Typed(line="x", address="\u200bzoe@exemple.ca\u202c\u00a0").address == "zoe@exemple.ca"


def test_every_text_of_a_list_is_cleaned_and_passwords_are_not() -> None:
    typed = Typed.model_validate(
        {"line": "x", "many": ["e\u0301\u200b", " b "], "password": " a\u200bb\u0301 ", "number": "\u200b12"}
    )
    assert (typed.many, typed.number) == (("é", "b"), 12)
    assert typed.password is not None
    assert typed.password.get_secret_value() == "a\u200bb\u0301"


@pytest.mark.parametrize(
    ("first", "last", "stored"),
    [
        ("", "Sukarno", (None, "Sukarno")),
        ("Madonna", "", (None, "Madonna")),
        ("Madonna", "\u200b", (None, "Madonna")),
        (None, "Sukarno", (None, "Sukarno")),
        ("Zoé", "Côté", ("Zoé", "Côté")),
    ],
)
def test_single_name_is_the_last_name_wherever_it_was_typed(
    first: str | None, last: str, stored: tuple[str | None, str]
) -> None:
    person = NewPerson.model_validate({"legal_first_name": first, "legal_last_name": last})
    assert (person.legal_first_name, person.legal_last_name) == stored


@pytest.mark.parametrize("names", [{}, {"legal_first_name": " ", "legal_last_name": "\u200b"}, {"legal_last_name": ""}])
def test_person_without_any_name_is_refused(names: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as refusal:
        NewPerson.model_validate(names)
    assert [(error["type"], error["loc"]) for error in refusal.value.errors()] == [("missing", ("legal_last_name",))]
