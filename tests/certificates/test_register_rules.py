"""The codes of a certificate, read as people type, paste or scan them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.certificates.register.rules import LONGEST, TypedCode, read_code, unreadable
from app.certificates.rules import group_code
from app.certificates.schemas import short_code

CODE = "3f9a0c1d77e24b58a6109d3cf2e4b871"
GROUPS = group_code(CODE)
SHORT = short_code(CODE)
CODES = st.text("0123456789abcdef", min_size=32, max_size=32)
SEPARATORS = st.sampled_from(
    ["", " ", "-", "\u00a0", "\u2011", "\u2013", "\u2014", "\u2212", "\n", "\t", "\u200b", " - ", "\u202f"]
)
AROUND = st.sampled_from(
    ["", "Code : ", "code ", "Voici le code de Zoé:\n", "« ", "(", "https://escouade.example.org/v/"]
)
AFTER = st.sampled_from(["", ".", " .", "\n", " »", ")", "/", "/fichier", "?", " merci", ", merci!", "\u200b\u202c"])


def code_of(reason_of: TypedCode) -> str | None:
    """Return the code of the reason that an unreadable text has."""
    reason = unreadable(reason_of)
    return None if reason is None else reason.code


@pytest.mark.parametrize(
    "typed",
    [
        CODE, CODE.upper(), GROUPS, GROUPS.replace(" ", "-"), f"  {CODE[:8]}-{CODE[8:]} ", f"{CODE}.",
        f"https://escouade.example.org/v/{CODE}", f"escouade.example.org/v/{CODE}/", f"<https://x.org/v/{CODE}>",
        f"HTTPS://ESCOUADE.EXAMPLE.ORG/V/{CODE.upper()}", f"https://x.org/v/{GROUPS.replace(' ', '%20')}",
        f"https://x.org/verification?code={CODE}&x=1", f"https://x.org/v/{CODE}#haut",
        CODE.replace("0", "O").replace("1", "l"), CODE.replace("0", "o").replace("1", "I"), CODE.replace("1", "|"),
        f"code {GROUPS}", f"Le code de Zoé est {GROUPS}, je crois.", "\u200b".join(CODE), f"{CODE[:16]}-\n{CODE[16:]}",
        GROUPS.replace(" ", "\u00a0"), GROUPS.replace(" ", " \u2013 "), GROUPS.replace(" ", "."), f"\ufeff{CODE}\u202c",
        "".join(chr(ord(c) + 0xFEE0) for c in CODE),
    ],
)  # fmt: skip
def test_code_is_read_wherever_it_stands(typed: str) -> None:
    assert read_code(typed).codes[0] == CODE


@given(CODES, AROUND, AFTER, st.lists(SEPARATORS, min_size=8, max_size=8), st.sampled_from([str.lower, str.upper, str]))
def test_code_is_read_however_it_is_grouped_and_quoted(
    code: str, before: str, after: str, separators: list[str], case: type[str]
) -> None:
    groups = [code[i : i + 4] for i in range(0, 32, 4)]
    typed = before + case("".join(f"{g}{s}" for g, s in zip(groups, [*separators[:7], ""], strict=True))) + after
    read = read_code(typed)
    assert code in read.codes
    assert unreadable(read) is None


@given(st.text(max_size=80))
def test_any_text_gives_codes_of_the_right_form_or_a_reason(typed: str) -> None:
    read = read_code(typed)
    assert all(len(code) == 32 and set(code) <= set("0123456789abcdef") for code in read.codes)
    assert all(len(digest) == 5 for digest in read.short_digests)
    assert bool(read.codes or (read.number and read.short_digests)) == (unreadable(read) is None)


@given(CODES)
def test_code_with_a_character_too_few_or_too_many_is_mistyped(code: str) -> None:
    assert code_of(read_code(code[:-1])) == "certificate_mistyped"
    assert code_of(read_code(code + "0")) == "certificate_mistyped"
    assert unreadable(read_code(code[:-1])).params == {"read": 31, "needed": 32}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "typed", ["", "   ", "\u200b", "zut!", "%", "/" * 40, "\u0663" * 32, "g" * 32, "' or 1=1 --", "\x00"]
)
def test_text_without_a_code_says_so(typed: str) -> None:
    assert code_of(read_code(typed)) == "certificate_no_code"


NUMBERS = (
    "ALM-2026-0001", "alm 2026 0001", "ALM20260001", "no ALM–2026–0001.", "ALM-2O26-OOOl", "A\u200bLM-2026-0001",
)  # fmt: skip


@pytest.mark.parametrize("typed", NUMBERS)
def test_number_alone_needs_its_short_code(typed: str) -> None:
    read = read_code(typed)
    assert read.number == "ALM-2026-0001"
    assert code_of(read) == "certificate_number_alone"


@pytest.mark.parametrize(
    "typed", [SHORT, SHORT.lower(), SHORT.replace("-", ""), f" {SHORT}. ", SHORT.replace("-", "\u2011")]
)
def test_short_code_alone_needs_its_number(typed: str) -> None:
    assert code_of(read_code(typed)) == "certificate_short_code_alone"


@given(CODES, st.integers(1, 99_999), SEPARATORS, st.booleans())
def test_number_with_its_short_code_is_enough(code: str, sequence: int, separator: str, typed_as_letters: bool) -> None:
    short = short_code(code)
    if typed_as_letters:
        short = short.replace("0", "O").replace("1", "l")
    read = read_code(f"Numéro\nALM-2026-{sequence:04d} {separator} {short.lower()}")
    assert read.number == f"ALM-2026-{sequence:04d}"
    [digest] = read_code(short).short_digests
    assert digest in read.short_digests
    assert unreadable(read) is None


def test_long_text_is_read_in_no_time() -> None:
    assert read_code("a " * 1_000_000).codes != ()
    assert read_code("." * LONGEST + CODE).codes == ()
