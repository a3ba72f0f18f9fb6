"""The page of an activity: a Markdown file of five sections, in which raw HTML is shown as text.

``outline`` returns what the checks need, with line numbers; ``render`` what a reader sees. The structure: a title,
then Intention, Démarche (numbered steps), À remettre, Critères (``- **CN-01.C2** – …``) and Temps
(``- 30 min – …``), in that order and nothing else at those levels.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from app.curricula.files.problems import Location

HEADINGS = ("Intention", "Démarche", "À remettre", "Critères", "Temps")
INTENTION, STEPS, DELIVERABLE, CRITERIA, TIME = HEADINGS
CRITERION = re.compile(r"\*\*(?P<code>[A-Z]{2,5}-[0-9]{2}\.C[0-9])\*\*\s–\s\S")
MINUTES = re.compile(r"(?P<minutes>[1-9][0-9]{0,3})\smin\s–\s\S")
# Images are off, as they would be fetched from other hosts; HTML is shown as text.
MARKDOWN = MarkdownIt("commonmark", {"html": False}).disable("image")


@dataclass(frozen=True, slots=True)
class Item:
    """A text to check, with its line: a heading or the first paragraph of a list item."""

    line: int
    text: str

    @property
    def criterion(self) -> str | None:
        """The criterion code that the text begins with, if any."""
        match = CRITERION.match(self.text)
        return match["code"] if match else None

    @property
    def minutes(self) -> int | None:
        """The minutes that the text begins with, if any."""
        match = MINUTES.match(self.text)
        return int(match["minutes"]) if match else None


@dataclass(frozen=True, slots=True)
class Outline:
    """The structure of a page, which ``rules.check_page`` checks; ``stray`` is content before the first section."""

    title: Item | None
    stray: Item | None
    headings: tuple[Item, ...]
    steps: tuple[Item, ...]
    criteria: tuple[Item, ...]
    time: tuple[Item, ...]

    def line(self, path: Location) -> int:
        """Return the line of a path such as ``("Temps", 2)`` or ``("Temps",)``; else of the title, or 1."""
        items = {STEPS: self.steps, CRITERIA: self.criteria, TIME: self.time}
        match path:
            case (str(section), int(index)):
                return items[section][index].line
            case (str(section),):
                return next((heading.line for heading in self.headings if heading.text == section), 1)
            case _:
                return self.title.line if self.title else 1


@dataclass(frozen=True, slots=True)
class Page:
    """The page as a participant reads it; the sections are safe HTML without headings."""

    code: str
    title: str
    intention: Markup
    steps: Markup
    deliverable: Markup
    criteria: Markup
    time: Markup
    criteria_codes: tuple[str, ...]


def outline(text: str) -> Outline:
    """Return the structure of a page, even of a faulty one."""
    tokens = MARKDOWN.parse(text)
    headings = list(_headings(tokens))
    titles = [item for level, item in headings if level == 1]
    sections = _sections(tokens)
    return Outline(
        title=titles[0] if titles else None,
        stray=_stray(tokens),
        # A second title counts as a heading, so that the check of the sections refuses it.
        headings=tuple(item for level, item in headings if level != 1 or item is not titles[0]),
        steps=tuple(_items(sections.get(STEPS, ()), "ordered_list_open")),
        criteria=tuple(_items(sections.get(CRITERIA, ()), "bullet_list_open")),
        time=tuple(_items(sections.get(TIME, ()), "bullet_list_open")),
    )


def render(text: str, code: str, title: str) -> Page:
    """Return a checked page as HTML; ``title`` comes from the curriculum, for its typography."""
    sections = {name: _html(tokens) for name, tokens in _sections(MARKDOWN.parse(text)).items()}
    criteria = (item.criterion for item in outline(text).criteria)
    return Page(
        code=code,
        title=title,
        intention=sections[INTENTION],
        steps=sections[STEPS],
        deliverable=sections[DELIVERABLE],
        criteria=sections[CRITERIA],
        time=sections[TIME],
        criteria_codes=tuple(criterion for criterion in criteria if criterion),
    )


def _html(tokens: Sequence[Token]) -> Markup:
    # The renderer escapes every text and link; it only ever writes the tags of Markdown.
    return Markup(MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}))  # noqa: S704


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[int, Item]]:
    """Yield the headings with their level, including those inside quotes and lists."""
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            yield int(token.tag[1:]), Item(_line(token), tokens[index + 1].content)


def _stray(tokens: Sequence[Token]) -> Item | None:
    """Return the first content before the first section, which ``render`` would drop; ``None`` when there is none."""
    in_heading = False
    for token in tokens:
        if token.type == "heading_open" and token.tag == "h2":
            return None
        if token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open"
        elif not in_heading:
            return Item(_line(token), token.content)
    return None


def _sections(tokens: Sequence[Token]) -> dict[str, Sequence[Token]]:
    """Return the tokens under each heading of level 2, by its text; of two equal headings, the first."""
    starts = [i for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    sections: dict[str, Sequence[Token]] = {}
    for start, end in zip(starts, [*starts, len(tokens)][1:], strict=True):
        sections.setdefault(tokens[start + 1].content, tokens[start + 3 : end])
    return sections


def _items(tokens: Iterable[Token], list_type: str) -> Iterator[Item]:
    """Yield the items of the top-level lists of a type: the line and source of their first paragraph."""
    in_list, in_item = False, False
    for token in tokens:
        if token.level == 0 and token.type.endswith("list_open"):
            in_list = token.type == list_type
        elif in_list and token.level == 1 and token.type == "list_item_open":
            in_item = True
        elif in_item and token.type == "inline":
            in_item = False
            yield Item(_line(token), token.content)


def _line(token: Token) -> int:
    return token.map[0] + 1 if token.map else 1
