"""Forms: which page shows the form of a route, and what a refusal tells it (docs/decisions/0020).

``form_on`` of a route says which page shows its form; ``component`` makes forms in templates; ``refusals`` runs the
page again when one was refused.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.params import Depends as DependsParam
from pydantic import ValidationError

from app.platform.errors import Reason
from app.platform.messages import i18n as words

PAGE, PERSON, DRAFT, KEY = "depuis", "personne", "brouillon", "cle"
"""Parameters of a form's action: its page, the person it was shown to, whether a draft is kept, its one-time key."""
SENT_BEFORE = frozenset({"form_sent_already", "form_expired"})
"""The codes of a form whose key is used: it is shown again with another one."""
SAVED_COOKIE = "escouade-saved"
"""The cookie that tells the browser's script that a form was saved, by its path: its draft is no longer needed."""


class FormPage:
    """The pages that show the form of a route, as templates; the first one when the form does not say which.

    ``creates``: each sending makes something new, so that these pages are keyed (``one_time.keyed_page``).
    Without ``writes`` the form only asks for a page, a preview: it may be sent again with other words.
    Without ``digested`` no digest of what was typed is kept with its one-time key: of an anonymous answer, a few tries
    would find it again.
    Path and query are filled from the path of the route and from what was typed: ``/codev?cohorte={cohort_id}``.
    """

    def __init__(self, *pages: str, creates: bool = False, writes: bool = True, digested: bool = True) -> None:
        self.pages = pages
        self.creates = creates
        self.writes = writes
        self.digested = digested

    def __call__(
        self,
        request: Request,
        depuis: Annotated[str | None, Query(max_length=2000)] = None,
        personne: Annotated[int | None, Query()] = None,
        cle: Annotated[str | None, Query(max_length=40)] = None,
        *,
        brouillon: bool = False,
    ) -> None:
        """Keep for whom the form was made: the guard refuses it from anyone else; and whether its browser drafts it."""
        request.state.form_person = personne
        request.state.is_drafted = brouillon


def form_on(*pages: str, creates: bool = False, writes: bool = True, digested: bool = True) -> DependsParam:
    """Return the dependency of a route that a form is sent to: ``dependencies=[form_on("/cohortes/{cohort_id}")]``.

    When the form is refused, that page is shown again with what was typed; when it ``creates``, the page is keyed.
    Without ``writes``, its one-time key is not used up; without ``digested``, it knows nothing of what was typed.
    """
    dependency: DependsParam = Depends(FormPage(*pages, creates=creates, writes=writes, digested=digested))
    return dependency


@contextmanager
def form_errors() -> Iterator[None]:
    """Refuse a form for the validation errors of the command that a handler makes from it, as for its own (422)."""
    try:
        yield
    except ValidationError as error:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in error.errors()]) from error


@dataclass
class Refusal:
    """A form that was refused: where it was sent, why, and everything that was typed, in order."""

    path: str
    status: int
    code: str
    title: str
    reasons: tuple[Reason, ...] = ()
    typed: tuple[tuple[str, str], ...] = ()
    secrets: tuple[str, ...] = ()
    """The names of the passwords and codes that were typed, which are never shown again."""
    files: tuple[str, ...] = ()
    """The names of the files that were chosen, which must be chosen again."""
    landing: str = ""
    """Where the same form led when it was sent before."""
    is_shown: bool = field(default=False, init=False)
    """Whether a form of the page has shown it."""
    stands_on_top: bool = field(default=False, init=False)
    """Whether the page shows it above all: the form is no longer there."""

    def values(self, name: str) -> list[str]:
        """Return the values typed in the fields of a name, in their order."""
        return [value for key, value in self.typed if key == name]

    def concerns(self, action: str, fixed: Mapping[str, object]) -> bool:
        """Return whether it is about the form of an action, which may differ from others by its fixed values."""
        same_values = all(str(value) in self.values(name) for name, value in fixed.items())
        return urlsplit(action).path == self.path and same_values

    @property
    def heading(self) -> str:
        """The sentence of the refusal: for a form, when it has another one than for a program."""
        has_its_own = words.has_message(f"core.refused.{self.code}")
        return words.t(f"core.refused.{self.code}") if has_its_own else self.title


@dataclass(frozen=True)
class FieldPath:
    """A reason's path to a field: ``entries.2.minutes`` is the third ``minutes``, of the list ``entries``."""

    name: str = ""
    group: str = ""
    place: int | None = None

    @classmethod
    def of(cls, reason: Reason) -> "FieldPath":
        """Return the path of a reason's field."""
        parts = [part for part in (reason.field or "").split(".") if part]
        names = [part for part in parts if not part.isdigit()]
        places = [int(part) for part in parts if part.isdigit()]
        return cls(names[-1] if names else "", names[0] if names else "", places[0] if places else None)


def typed_values(request: Request, name: str) -> list[str]:
    """Return what was typed in the fields of a name, on the page that shows a refused form again; else nothing."""
    refusal: Refusal | None = getattr(request.state, "refusal", None)
    return refusal.values(name) if refusal is not None else []
