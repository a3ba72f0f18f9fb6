"""Every text is in the French catalogue, every key of it serves, and no sentence hides in the code.

Reported by feature. A key built at run time (``t('state.' ~ state)``) belongs to a family: its members are
the values of one of our enums, or ``FAMILIES`` says them, so that each has its text and none is left over.
"""

import ast
import re
import string
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from jinja2 import nodes
from pydantic import BaseModel

from app.cli import COMMANDS
from app.codev.protocols import schemas as codev_schema
from app.codev.ratings.rules import SCALE
from app.cohorts.enums import CohortState
from app.cohorts.lifecycle.rules import allowed_moves
from app.community.profiles.service import AUDIENCES
from app.curricula import schemas as schema
from app.curricula.mappings import schemas as mapping_schema
from app.deployment import CHECKS, PROGRESS
from app.features import FIGURES, JOBS
from app.identity.imports.enums import ACTS, RowOutcome
from app.network.colleges.rules import QUEBEC_ZONES
from app.overview.college.schemas import CollegeFigures
from app.platform import errors
from app.platform.audit.hash_chain import Fault
from app.platform.config import Settings
from app.platform.locations import ROOT
from app.platform.messages.i18n import LOCALE
from app.platform.schema import Command
from app.platform.web.pages import TEMPLATES, environment
from app.platform.web.problems import KNOWN_TYPES

APP = ROOT / "app"
ACCENTED = re.compile(r"[À-ÖØ-öø-ÿŒœ]")
WORD = re.compile(r"(?=[^\W\d_]*[a-zà-öø-ÿ])[^\W\d_]{3,}")
"""A word to translate; the name of a file format, all capitals, is not."""
SPOKEN_ATTRIBUTE = re.compile(r"""\b(?:alt|title|aria-label|placeholder)\s*=\s*["']([^"']*)["']""")

INVENTED = "app/demo/"
"""The folder of the demo network: the French texts in it are data."""
NOT_SENTENCES = {
    "app/curricula/activity_page.py": "the headings that an activity page must have: a file format",
    "app/certificates/badges/rules.py": "the text of a credential, always in French, as on the certificate",
    "app/platform/documents/pdf.py": "the characters that the fonts must have",
    "app/platform/search.py": "the letters that the search key changes",
}
"""Files whose accented strings are data, with the reason."""


def _schema_types() -> dict[str, type]:
    named = {**vars(schema), **vars(codev_schema), **vars(mapping_schema)}
    return {name: value for name, value in named.items() if isinstance(value, type)}


def _schema_classes() -> dict[str, type[BaseModel]]:
    return {name: value for name, value in _schema_types().items() if issubclass(value, BaseModel)}


def _command_fields() -> set[str]:
    enums()

    def below(kind: type[Command]) -> Iterator[type[Command]]:
        yield kind
        yield from chain.from_iterable(below(child) for child in kind.__subclasses__())

    return {field for kind in below(Command) for field in kind.model_fields}


LETTER_KINDS = (
    "invitation",
    "invitation_role",
    "invitation_roles",
    "reset",
    "password_changed",
    "address_change",
    "address_changed",
    "certificate_replaced",
    "revocation_opened",
    "certificate_revoked",
    "certificate_kept",
    "notification",
    "digest",
    "announcement",
)

FAMILIES: dict[str, frozenset[str]] = {
    "ending_kind.": frozenset({"accepted", "declined", "consent_refused", "withdrawn"}),
    "figure.": frozenset(figure.name for figure in FIGURES),
    "cli.": frozenset(f"{name}.help" for name in COMMANDS),
    "cli.accounts.import.": frozenset({"refused", "dry", "done"}),
    "cli.audit.fault.": frozenset(fault.value for fault in Fault),
    "check.": frozenset(check.name for check in (*CHECKS, PROGRESS)),
    "operations.check.": frozenset(check.name for check in CHECKS),
    "mail.": frozenset(f"{kind}.{part}" for kind in LETTER_KINDS for part in ("subject", "body")),
    "setting.": frozenset(Settings.model_fields),
    "letter.kind.": frozenset(LETTER_KINDS),
    "job.": frozenset(name for job in JOBS for name in (job.name, getattr(job, "sweep_name", job.name))),
    "core.refused.": frozenset(
        {"conflict", "stale", "unauthenticated", "unavailable", "form_sent_already", "form_expired"}
    ),
    "certificates.printed.": frozenset(
        {"city", "college_name", "competencies", "holder", "object", "path_title", "place", "signatories"}
    ),
    "cohorts.exception.": frozenset({"condition_unmet", "too_late_to_join", "waitlist_first"}),
    "cohorts.call.": frozenset({"attendance_low", "long_late"}),
    "cohorts.step.": frozenset(f"{state}_{to}" for state in CohortState for to in allowed_moves(state)),
    "imports.column.": frozenset({"courriel", "prenom", "nom", "nom_usuel", "role", "cohorte"}),
    "imports.is.": frozenset(RowOutcome),
    "imports.was.": ACTS,
    "cohorts.move_due.": frozenset({"running", "closed"}),
    "network.figure.": frozenset(CollegeFigures.model_fields),
    "network.zone.": frozenset(QUEBEC_ZONES),
    "curricula.public.alignment.": frozenset({"digcomp", "cadre-qc"}),
    "codev.rating.mark.": frozenset(str(mark) for mark in SCALE),
    "community.audience.": frozenset(AUDIENCES),
    "community.proof.": frozenset({"certificate", "mandate"}),
    "cohorts.sessions.hour_": frozenset({"first", "second"}),
    "curricula.cli.": frozenset({"modules", "activities", "added", "removed", "changed"}),
    "curricula.cli.column.": frozenset(
        {"place", "path", "message", "code", "title", "change", "before", "after", "fields"}
    ),
}
"""Prefix of keys made at run time, and what may follow it; not needed when an enum of ours says it (below)."""


@cache
def enums() -> dict[frozenset[str], str]:
    """Return the names of the application's enums by their values."""
    for path, _ in python_files():
        if feature_of(path) not in {"cli", "core"} and path.stem != "__init__":
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    return {
        frozenset(member.value for member in kind): kind.__name__
        for kind in StrEnum.__subclasses__()
        if kind.__module__.startswith("app.")
    }


def members(prefix: str) -> frozenset[str] | None:
    """Return what may follow a prefix: as declared, or the values of the enum that the catalogue matches exactly.

    Keys that are only used whole need not be members.
    """
    if prefix in FAMILIES:
        return FAMILIES[prefix]
    every = frozenset(key.removeprefix(prefix) for key in french() if key.startswith(prefix))
    made = frozenset(ending for ending in every if prefix + ending not in strings_of_code())
    return next((endings for endings in (every, made) if endings in enums()), None)


def nearest(prefix: str) -> str:
    """Say of a prefix that no enum matches which one nearly does, and what differs."""
    endings = frozenset(key.removeprefix(prefix) for key in french() if key.startswith(prefix))
    values, name = min(enums().items(), key=lambda known: (len(known[0] ^ endings), known[1]))
    without = f"without a text {sorted(values - endings)}, without a value {sorted(endings - values)}"
    return f"{prefix}… is made at run time; nearest enum {name}: {without}; or declare the family in FAMILIES"


@dataclass(frozen=True)
class Use:
    """A key used by a line of code or of a template, with the names of its values when they are literal."""

    key: str
    place: str
    values: frozenset[str] | None = None


@dataclass(frozen=True)
class KeyUses:
    """The keys that a file uses: whole keys, prefixes of keys built at run time, and its string literals."""

    uses: tuple[Use, ...] = ()
    prefixes: tuple[tuple[str, str], ...] = ()
    literals: frozenset[str] = frozenset()


# The catalogues ---------------------------------------------------------------------------------


@cache
def messages(language: str, feature: str) -> dict[str, tuple[str, ...]]:
    """Return the forms by key of one catalogue; empty when the feature has none in the language."""
    path = LOCALE / language / f"{feature}.po"
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        entries = [m for m in read_po(file, locale=language) if m.id]
    keys = [m.id if isinstance(m.id, str) else m.id[0] for m in entries]
    return {
        key: (m.string,) if isinstance(m.string, str) else tuple(m.string or ())
        for key, m in zip(keys, entries, strict=True)
    }


def catalogues(language: str) -> list[str]:
    """Return the features that have a catalogue in a language."""
    return sorted(path.stem for path in (LOCALE / language).glob("*.po"))


@cache
def french() -> dict[str, tuple[str, ...]]:
    """Return all French messages."""
    return {key: forms for feature in catalogues("fr") for key, forms in messages("fr", feature).items()}


def placeholders(forms: Iterable[str]) -> frozenset[str]:
    """Return the names in braces, in any form of a message."""
    return frozenset(name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name)


# The keys used by the code ----------------------------------------------------------------------


def feature_of(path: Path) -> str:
    """Return the folder of ``app`` or of ``app/templates`` that a file is in; ``core`` for a file in none."""
    parts = path.relative_to(TEMPLATES if path.is_relative_to(TEMPLATES) else APP).parts
    return parts[0] if len(parts) > 1 else "core"


@cache
def python_files() -> tuple[tuple[Path, ast.Module], ...]:
    """Return the application's modules, parsed."""
    return tuple((path, ast.parse(path.read_text("utf-8"))) for path in sorted(APP.rglob("*.py")))


@cache
def templates() -> tuple[tuple[Path, str], ...]:
    """Return the application's templates."""
    return tuple((path, path.read_text("utf-8")) for path in sorted(TEMPLATES.rglob("*.html")))


@cache
def strings_of_code() -> frozenset[str]:
    """Return every string literal of the code and the templates."""
    return frozenset(chain.from_iterable(key_uses(path).literals for path, _ in (*python_files(), *templates())))


@cache
def key_uses(path: Path) -> KeyUses:
    """Return the keys that one file uses."""
    return _uses_in_template(path) if path.suffix == ".html" else _uses_in_code(path)


DOMAIN_ERRORS = {n for n, v in vars(errors).items() if isinstance(v, type) and issubclass(v, errors.DomainError)}


def _uses_in_code(path: Path) -> KeyUses:
    tree = dict(python_files())[path]
    uses: list[Use] = []
    prefixes: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(
            isinstance(b, ast.Name) and b.id in DOMAIN_ERRORS for b in node.bases
        ):
            uses.extend(_class_code(node, path))
        if not isinstance(node, ast.Call):
            continue
        place = f"{path.relative_to(ROOT)}:{node.lineno}"
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg == "code"), None)
        if name == "t" and first is not None:
            for part in _branches(first):
                if isinstance(part, ast.JoinedStr) and isinstance(part.values[0], ast.Constant):
                    prefixes.append((str(part.values[0].value), place))
                elif isinstance(part, ast.Constant):
                    uses.append(Use(str(part.value), place, _keywords(node)))
        elif name in {"Reason", "Why"} and isinstance(first, ast.Constant):
            uses.append(Use(f"reason.{first.value!s}", place, _params(node)))
        elif name == "refused_as" and isinstance(first, ast.Constant):
            uses += [Use(f"{kind}.{first.value!s}", place) for kind in ("error", "reason")[: len(node.args)]]
        elif name in DOMAIN_ERRORS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            uses.append(Use(f"error.{first.value}", place, _keywords(node)))
    literals = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return KeyUses(tuple(uses), tuple(prefixes), frozenset(literals))


def _class_code(node: ast.ClassDef, path: Path) -> Iterator[Use]:
    for line in node.body:
        if isinstance(line, ast.Assign | ast.AnnAssign) and isinstance(line.value, ast.Constant):
            target = line.targets[0] if isinstance(line, ast.Assign) else line.target
            if isinstance(target, ast.Name) and target.id == "code":
                yield Use(f"error.{line.value.value!s}", f"{path.relative_to(ROOT)}:{line.lineno}")


def _branches(node: ast.expr) -> list[ast.expr]:
    return [*_branches(node.body), *_branches(node.orelse)] if isinstance(node, ast.IfExp) else [node]


def _keywords(node: ast.Call) -> frozenset[str] | None:
    return None if any(k.arg is None for k in node.keywords) else frozenset(k.arg for k in node.keywords if k.arg)


def _params(node: ast.Call) -> frozenset[str] | None:
    params = node.args[1] if len(node.args) > 1 else next((k.value for k in node.keywords if k.arg == "params"), None)
    if params is None:
        return frozenset()
    if not isinstance(params, ast.Dict) or not all(isinstance(k, ast.Constant) for k in params.keys):
        return None
    return frozenset(str(k.value) for k in params.keys if isinstance(k, ast.Constant))


def _uses_in_template(path: Path) -> KeyUses:
    tree = environment().parse(dict(templates())[path])
    uses: list[Use] = []
    prefixes: list[tuple[str, str]] = []
    for call in tree.find_all(nodes.Call):
        if not (isinstance(call.node, nodes.Name) and call.node.name == "t" and call.args):
            continue
        place = f"{path.relative_to(ROOT)}:{call.lineno}"
        for part in _template_branches(call.args[0]):
            if isinstance(part, nodes.Const):
                values = None if call.dyn_kwargs is not None else frozenset(k.key for k in call.kwargs)
                uses.append(Use(str(part.value), place, values))
            elif isinstance(part, nodes.Concat | nodes.Add):
                head = part.nodes[0] if isinstance(part, nodes.Concat) else part.left
                prefixes.append((head.value if isinstance(head, nodes.Const) else "?", place))
    literals = {c.value for c in tree.find_all(nodes.Const) if isinstance(c.value, str)}
    spaces = {key.split(".")[0] for key in french()}
    named = {u.key for u in uses} | {prefix for prefix, _ in prefixes}
    for literal in sorted(literals - named):
        # A key passed to a macro: it is used there, under another name.
        if re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", literal) and literal.split(".")[0] in spaces:
            uses.append(Use(literal, str(path.relative_to(ROOT))))
    return KeyUses(tuple(uses), tuple(prefixes), frozenset(literals))


def _template_branches(node: nodes.Node) -> list[nodes.Node]:
    if isinstance(node, nodes.CondExpr):
        return [*_template_branches(node.expr1), *(_template_branches(node.expr2) if node.expr2 else ())]
    return [node]


FEATURES = sorted({feature_of(path) for path, _ in (*python_files(), *templates())})


def of_feature(feature: str) -> list[KeyUses]:
    """Return the keys that each file of a feature uses."""
    return [key_uses(path) for path, _ in (*python_files(), *templates()) if feature_of(path) == feature]


OPEN_FAMILIES: dict[str, Callable[[], Iterable[str]]] = {
    "error.": strings_of_code,
    "reason.": lambda: strings_of_code() | KNOWN_TYPES,
    "reason.curricula.": strings_of_code,
    "reason.curricula.shape.": strings_of_code,
    "reason.curricula.yaml.": strings_of_code,
    "embedded.": strings_of_code,
    "indicators.column.": strings_of_code,
    "reports.column.": strings_of_code,
    "reports.control.": strings_of_code,
    "reports.meaning.": strings_of_code,
    "field.": lambda: strings_of_code() | _command_fields(),
    "curricula.class.": lambda: set(_schema_types()),
    "curricula.field.": lambda: {
        f"{name}.{field}" for name, c in _schema_classes().items() for field in c.model_fields
    },
}
"""A prefix, and every ending that may follow it: the catalogue has no other, and the code uses those it needs."""


def assert_none(problems: list[str]) -> None:
    """Fail with one line per problem, if there is any."""
    assert not problems, "\n" + "\n".join(problems)


# The tests --------------------------------------------------------------------------------------


@pytest.mark.parametrize("feature", FEATURES)
def test_every_key_used_is_in_the_french_catalogue(feature: str) -> None:
    uses = [use for file in of_feature(feature) for use in file.uses]
    assert_none([f"{u.place}: {u.key}" for u in uses if u.key not in french()])


@pytest.mark.parametrize("feature", FEATURES)
def test_every_placeholder_of_a_message_gets_a_value(feature: str) -> None:
    uses = [use for file in of_feature(feature) for use in file.uses if use.key in french()]
    lacking = [(u, placeholders(french()[u.key]) - u.values) for u in uses if u.values is not None]
    assert_none([f"{u.place}: {u.key} lacks {sorted(names)}" for u, names in lacking if names])


@pytest.mark.parametrize("feature", FEATURES)
def test_every_key_built_at_run_time_has_all_its_texts(feature: str) -> None:
    made = {prefix: place for file in of_feature(feature) for prefix, place in file.prefixes}
    assert_none([f"{made[p]}: {nearest(p)}" for p in made if p not in OPEN_FAMILIES and members(p) is None])
    lacking = {prefix + m for prefix in made if prefix in FAMILIES for m in FAMILIES[prefix]} - french().keys()
    assert lacking == set()


@pytest.mark.parametrize("feature", catalogues("fr"))
def test_every_key_of_the_french_catalogue_is_used(feature: str) -> None:
    made = {prefix for path, _ in (*python_files(), *templates()) for prefix, _ in key_uses(path).prefixes}
    served = strings_of_code() | {p + m for p in made for m in members(p) or ()}
    served |= {prefix + ending for prefix, endings in OPEN_FAMILIES.items() for ending in endings()}
    unused = messages("fr", feature).keys() - served
    unmatched = [p for p in sorted(made - OPEN_FAMILIES.keys()) if members(p) is None]
    for prefix in unmatched:
        if family := {key for key in unused if key.startswith(prefix)}:
            unused = unused - family | {nearest(prefix)}
    assert_none(sorted(unused))


@pytest.mark.parametrize("feature", catalogues("fr"))
def test_french_messages_are_complete(feature: str) -> None:
    wrong = [
        key
        for key, forms in messages("fr", feature).items()
        if not all(forms) or (len(forms) > 1 and placeholders(forms[:1]) | {"n"} != placeholders(forms[1:]) | {"n"})
    ]
    assert_none(wrong)


@pytest.mark.parametrize("feature", catalogues("en") or ["core"])
def test_english_messages_match_the_french_ones(feature: str) -> None:
    english = messages("en", feature)
    assert_none(sorted(english.keys() - messages("fr", feature).keys()))
    other = [k for k, forms in english.items() if placeholders(forms) != placeholders(french()[k])]
    assert_none(other)


def _docstrings(tree: ast.Module) -> set[int]:
    """Return the positions of strings that are statements of their own."""
    alone = (n for n in ast.walk(tree) if isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))
    return {id(n.value) for n in alone}


@pytest.mark.parametrize("feature", FEATURES)
def test_no_french_sentence_in_the_code(feature: str) -> None:
    problems = []
    for path, tree in python_files():
        name = path.relative_to(ROOT).as_posix()
        if feature_of(path) != feature or name in NOT_SENTENCES or name.startswith(INVENTED):
            continue
        documentation = _docstrings(tree)
        problems += [
            f"{name}:{node.lineno}: {node.value[:60]}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
            if ACCENTED.search(node.value)
        ]
    assert_none(problems)


@pytest.mark.parametrize("feature", FEATURES)
def test_templates_have_no_text_outside_the_catalogue(feature: str) -> None:
    problems = []
    for path, source in templates():
        if feature_of(path) != feature:
            continue
        spoken = _text_of(source)
        problems += [f"{path.relative_to(ROOT)}: {words}" for words in spoken if WORD.search(words)]
    assert_none(problems)


def _text_of(source: str) -> list[str]:
    """Return the literal text of a template: its text nodes and its spoken attributes."""
    data = "".join(value if kind == "data" else " " for _, kind, value in environment().lex(source))
    aloud = SPOKEN_ATTRIBUTE.findall(data)
    bare = re.sub(r"<!--.*?-->|<(script|style)\b.*?</\1>|<[^>]*>|[\w-]+=\"[^\"]*\"|&\w+;", " ", data, flags=re.DOTALL)
    return [*aloud, *(line.strip() for line in bare.splitlines())]


def test_declared_data_files_exist() -> None:
    assert [name for name in NOT_SENTENCES if not (ROOT / name).is_file()] == []
