"""Forms as a browser reads them in a page: what each would send."""

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit


@dataclass
class PageForm:
    """A form of a page: its action, and what a browser would send with no further typing, in order."""

    action: str
    items: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, set[str]] = field(default_factory=dict)
    is_posted: bool = True
    is_refused: bool = False

    @property
    def path(self) -> str:
        """The path that it is sent to."""
        return urlsplit(self.action).path

    def data(self) -> dict[str, list[str]]:
        """Return the items as the test client takes them."""
        return {name: [v for n, v in self.items if n == name] for name, _ in self.items}

    def lacks(self, typed: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return what was typed that the form would not send again, but for its buttons and choices not offered."""
        missing = (Counter(typed) - Counter(self.items)).elements()
        return sorted(i for i in missing if i not in self.buttons and i[1] in self.choices.get(i[0], {i[1]}))


class _Reader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[PageForm] = []
        self.elsewhere: list[tuple[str, tuple[str, str]]] = []
        self._area: str | None = None
        self._text = ""
        self._select = ""
        self._chosen: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read an element."""
        found = {name: value or "" for name, value in attrs}
        if found.get("role") == "alert" and self.forms:
            self.forms[-1].is_refused = True
        if tag == "form":
            self.forms.append(PageForm(found.get("action", ""), is_posted=found.get("method") == "post"))
            self.forms[-1].items += [item for id_, item in self.elsewhere if id_ == found.get("id")]
        elif tag == "input" and "form" in found:  # a field outside its form, here always before it
            if "checked" in found:
                self.elsewhere.append((found["form"], (found["name"], found["value"])))
        elif tag == "input" and "name" in found and self.forms:
            is_box = found.get("type") in {"checkbox", "radio"}
            if found.get("type") not in {"file", "submit"} and (not is_box or "checked" in found):
                self.forms[-1].items.append((found["name"], found.get("value", "on" if is_box else "")))
        elif tag == "button" and "name" in found and self.forms:
            self.forms[-1].buttons.append((found["name"], found.get("value", "")))
        elif tag == "textarea":
            self._area, self._text = found.get("name", ""), ""
        elif tag == "select":
            self._select, self._chosen = found.get("name", ""), None
        elif tag == "option" and self.forms:
            self.forms[-1].choices.setdefault(self._select, set()).add(found.get("value", ""))
            if "selected" in found or self._chosen is None:
                self._chosen = found.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """Finish a field that has content."""
        if tag == "textarea" and self._area is not None:
            if self._area and self.forms:
                self.forms[-1].items.append((self._area, self._text.removeprefix("\n")))
            self._area = None
        elif tag == "select" and self._select and self.forms:
            self.forms[-1].items.append((self._select, self._chosen or ""))

    def handle_data(self, data: str) -> None:
        """Read the text of a field."""
        if self._area is not None:
            self._text += data


def forms_of(page: str) -> list[PageForm]:
    """Return the forms of a page."""
    reader = _Reader()
    reader.feed(page)
    return reader.forms


def form_to(page: str, path: str) -> PageForm:
    """Return the form of a page that is sent to a path; of several, the one refused."""
    found = [form for form in forms_of(page) if form.path == path and form.is_posted]
    assert found, f"no form is sent to {path}: {[form.path for form in forms_of(page)]}"
    return next((form for form in found if form.is_refused), found[0])
