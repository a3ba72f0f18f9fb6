"""Forms: the component that every form of a page is made with, and what a refusal tells it (docs/decisions/0014).

A template writes ``{% call(f) form('/entreprises') %}{{ f.text('name') }}{{ f.button('Ok') }}{% endcall %}``.
When that form was refused, each field shows what was typed with its error beside it, and a summary with links stands on
top. The markup is in ``templates/form_parts.html``. ``form_on`` of a route says which page shows its form.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from fastapi import Depends, Query, Request
from fastapi.params import Depends as DependsParam
from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.platform.errors import Reason
from app.platform.messages import i18n as words

PAGE, PERSON = "depuis", "personne"
"""Parameters of a form's action: the address of the page that shows it, the person it was shown to."""
SOMEONE_WROTE = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
"""The statuses of a form that met somebody else's writing: both texts are shown."""


class FormPage:
    """The pages that show the form of a route, as path templates; the first one when the form does not say which."""

    def __init__(self, *pages: str) -> None:
        self.pages = pages

    def __call__(
        self,
        request: Request,
        depuis: Annotated[str | None, Query(max_length=2000)] = None,
        personne: Annotated[int | None, Query()] = None,
    ) -> None:
        """Keep for whom the form was made: the guard refuses it from anyone else."""
        request.state.form_person = personne


def form_on(*pages: str) -> DependsParam:
    """Return the dependency of a route that a form is sent to: ``dependencies=[form_on("/cohortes/{cohort_id}")]``.

    When the form is refused, that page is shown again with what was typed.
    """
    dependency: DependsParam = Depends(FormPage(*pages))
    return dependency


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
    is_shown: bool = field(default=False, init=False)
    """Whether a form of the page has shown it."""

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


def name_and_place(path: str | None) -> tuple[str | None, int | None]:
    """Return the name and the place of a field in a reason's path: ``entries.2.minutes`` is the third ``minutes``."""
    parts = (path or "").split(".")
    names = [part for part in parts if part and not part.isdigit()]
    places = [int(part) for part in parts if part.isdigit()]
    return (names[-1] if names else None), (places[0] if places else None)


class Fields:
    """The fields of one form, as its template calls them; labels are those of the catalogue unless given.

    ``at`` is the place of a field among those of the same name; ``also`` names what the field's errors may be reported
    under, when the command that the form makes has other names.
    """

    def __init__(self, context: Context, refusal: Refusal | None) -> None:
        self._parts: Any = context.environment.get_template("form_parts.html").module
        self._explain: Any = context.environment.globals["explain"]
        self._used_ids: set[str] = context["used_ids"]
        self.refusal = refusal
        self.problems: list[tuple[str, str, Markup]] = []
        """``(id, label, message)`` of each error that a field shows."""
        self._shown_reasons: set[int] = set()
        self.has_prose = self.has_file = False

    def text(self, name: str, label: str | None = None, value: object = "", **options: Any) -> Markup:  # noqa: ANN401
        """Return a field of one line: a text, or what ``type`` says: a date, a number, an address."""
        return self._field("input", name, label, value, **{"type": "text", **options})

    def area(self, name: str, label: str | None = None, value: object = "", **options: Any) -> Markup:  # noqa: ANN401
        """Return a field of several lines; a form with one keeps a draft unless it is confidential."""
        self.has_prose = True
        return self._field("textarea", name, label, value, **options)

    def select(
        self,
        name: str,
        label: str | None,
        choices: Iterable[tuple[object, str]],
        value: object = "",
        **options: Any,  # noqa: ANN401
    ) -> Markup:
        """Return a choice of one value among ``(value, text)``."""
        return self._field("select", name, label, value, choices=list(choices), **options)

    def password(self, name: str, label: str | None = None, **options: Any) -> Markup:  # noqa: ANN401
        """Return a field whose value is never shown again: after a refusal it is typed anew, and says so."""
        return self._secret(name, label, type="password", **options)

    def one_time_code(self, name: str, label: str | None = None, **options: Any) -> Markup:  # noqa: ANN401
        """Return a field for a code that is used once, never shown again."""
        return self._secret(name, label, type="text", again="", **options)

    def file(self, name: str, label: str | None = None, **options: Any) -> Markup:  # noqa: ANN401
        """Return a file to choose; browsers forget it when a form is refused, which the field says."""
        self.has_file = True
        return self._secret(name, label, type="file", again="core.form.choose_again", **options)

    def _secret(self, name: str, label: str | None, *, again: str = "core.form.type_again", **options: Any) -> Markup:  # noqa: ANN401
        notice = words.t(again) if again and self.refusal else ""
        return self._field("input", name, label, "", is_shown_again=False, notice=notice, **options)

    def checkbox(
        self, name: str, label: str | None = None, value: object = "true", *, checked: bool = False, hint: object = "",
        id: str | None = None, also: tuple[str, ...] = (), **attributes: Any,  # noqa: A002, ANN401
    ) -> Markup:  # fmt: skip
        """Return a box to tick; several of one name are a choice of several values."""
        return self._box("checkbox", name, label, value, checked=checked, hint=hint, id=id, also=also, **attributes)

    def radio(
        self, name: str, label: str | None, value: object, *, checked: bool = False, hint: object = "",
        id: str | None = None, also: tuple[str, ...] = (), **attributes: Any,  # noqa: A002, ANN401
    ) -> Markup:  # fmt: skip
        """Return one of several choices, of which one is taken."""
        return self._box("radio", name, label, value, checked=checked, hint=hint, id=id, also=also, **attributes)

    def hidden(self, name: str, value: object = "") -> Markup:
        """Return a value that the page knows; where the page has none, the one that was sent."""
        sent = self.refusal.values(name) if self.refusal else []
        return self.markup("hidden", name=name, value=value if value not in ("", None) or not sent else sent[0])

    def errors(self, *names: str) -> Markup:
        """Return the errors of a group of fields, for its ``fieldset``."""
        id_ = self._own_id(names[0])
        errors = self._errors(names, None, words.t(f"field.{names[0]}"), id_)
        return self.markup("group_errors", id=id_, errors=errors)

    def button(self, text: str, kind: str = "primary", **attributes: Any) -> Markup:  # noqa: ANN401
        """Return a button that sends the form."""
        return self.markup("button", text=text, kind=kind, attributes=attributes)

    def value(self, name: str, default: object = "", *, at: int | None = None) -> object:
        """Return what was typed in a field, or its value on the page."""
        typed = self.refusal.values(name) if self.refusal else []
        place = at or 0
        return typed[place] if place < len(typed) else default

    def _field(
        self, part: str, name: str, label: str | None, value: object, *, required: bool = True, hint: object = "",
        id: str | None = None, at: int | None = None, also: tuple[str, ...] = (), bare: bool = False,  # noqa: A002
        choices: list[tuple[object, str]] | None = None, rows: int = 6, notice: str = "", is_shown_again: bool = True,
        **attributes: Any,  # noqa: ANN401
    ) -> Markup:  # fmt: skip
        label = label or words.t(f"field.{name}")
        id_ = self._own_id(id or name)
        shown = self.value(name, value, at=at) if is_shown_again else ""
        errors = self._errors((name, *also), at, label, id_)
        texts = {str(choice): text for choice, text in choices or ()}
        return self.markup(
            part, name=name, label=label, value=shown, required=required, hint=hint, id=id_, errors=errors,
            bare=bare, choices=choices, rows=rows, notice=notice, attributes=attributes,
            saved=self._saved(value, shown, texts) if is_shown_again else "",
        )  # fmt: skip

    def _saved(self, value: object, shown: object, texts: Mapping[str, str]) -> str:
        """Return what is recorded now, when somebody else may have written it and it is not what was typed."""
        was_met = self.refusal is not None and self.refusal.status in SOMEONE_WROTE
        now = "" if value is None else str(value)
        return texts.get(now, now) if was_met and now and now != str(shown) else ""

    def _box(
        self, type: str, name: str, label: str | None, value: object, *, checked: bool, hint: object,  # noqa: A002
        id: str | None, also: tuple[str, ...], **attributes: Any,  # noqa: A002, ANN401
    ) -> Markup:  # fmt: skip
        label = label or words.t(f"field.{name}")
        id_ = self._own_id(id or name)
        checked = str(value) in self.refusal.values(name) if self.refusal else checked
        return self.markup(
            "box", type=type, name=name, label=label, value=value, checked=checked, hint=hint, id=id_,
            errors=self._errors((name, *also), None, label, id_), attributes=attributes,
        )  # fmt: skip

    def _errors(self, names: tuple[str, ...], at: int | None, label: str, id_: str) -> list[Markup]:
        """Return the messages about a field; each is told once, and stands in the summary with the field's label."""
        found = []
        for place, reason in enumerate(self.refusal.reasons if self.refusal else ()):
            name, where = name_and_place(reason.field)
            if name in names and place not in self._shown_reasons and (at is None or where is None or where == at):
                self._shown_reasons.add(place)
                found.append(self._explain(reason))
        self.problems += [(id_, label, message) for message in found]
        return found

    def other_problems(self) -> list[tuple[str, Markup]]:
        """Return ``(label, message)`` of the reasons that no field has shown; the label is empty when none is known."""
        reasons = self.refusal.reasons if self.refusal else ()
        return [(label_of(r), self._explain(r)) for place, r in enumerate(reasons) if place not in self._shown_reasons]

    def _own_id(self, wanted: str) -> str:
        """Return an id that nothing else has on the page."""
        id_, n = wanted, 1
        while id_ in self._used_ids:
            n += 1
            id_ = f"{wanted}-{n}"
        self._used_ids.add(id_)
        return id_

    def markup(self, part: str, **values: object) -> Markup:
        """Return a part of the form, drawn by the macro of its name."""
        return Markup(getattr(self._parts, part)(**values))  # noqa: S704 - a macro of ours, escaped there


def label_of(reason: Reason) -> str:
    """Return the label of a reason's field, or nothing: a raw name is shown to nobody."""
    name, _ = name_and_place(reason.field)
    key = f"field.{name}"
    return words.t(key) if name and words.has_message(key) else ""


@pass_context
def form(
    context: Context,
    action: str,
    *,
    caller: Callable[[Fields], Markup],
    fixed: Mapping[str, object] | None = None,
    confidential: bool = False,
    **attributes: object,
) -> Markup:
    """Return a form that is posted; what the template calls inside makes its fields.

    ``fixed`` are values that tell it from other forms of the same action on the page. A form with a long text keeps a
    draft in the browser, unless it is ``confidential``.
    """
    refusal: Refusal | None = context["refusal"]
    mine = refusal if refusal is not None and refusal.concerns(action, fixed or {}) else None
    if mine is not None:
        mine.is_shown = True
    fields = Fields(context, mine)
    body = caller(fields)
    person = context["actor"].person_id if context["actor"] and not context["actor"].pending else None
    return fields.markup(
        "form",
        action=with_origin(action, context["page_address"], person),
        body=body,
        fixed=fixed or {},
        fields=fields,
        draft=f"{urlsplit(action).path}?{urlencode(fixed or {})}" if fields.has_prose and not confidential else "",
        person=person,
        attributes=attributes,
    )


@pass_context
def was_refused(context: Context, action: str, fixed: Mapping[str, object] | None = None) -> bool:
    """Return whether the form of an action was refused: what hides it opens."""
    refusal: Refusal | None = context["refusal"]
    return refusal is not None and refusal.concerns(action, fixed or {})


def with_origin(action: str, page: str, person: int | None) -> str:
    """Return an action with the page that shows its form and the person it is shown to."""
    path, _, query = action.partition("?")
    parameters = [*parse_qsl(query, keep_blank_values=True), (PAGE, page)]
    parameters += [(PERSON, str(person))] if person is not None else []
    return f"{path}?{urlencode(parameters, quote_via=quote, safe='/')}"
