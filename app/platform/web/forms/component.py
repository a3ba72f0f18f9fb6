"""The component that every form of a page is made with (docs/decisions/0020).

A template writes ``{% call(f) form('/entreprises') %}{{ f.text('name') }}{{ f.button('Ok') }}{% endcall %}``.
When that form was refused, each field shows what was typed with its error beside it, and a summary with links stands on
top. The markup is in ``templates/form_parts.html``.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from app.platform.errors import Reason
from app.platform.messages import i18n as words
from app.platform.web.forms import DRAFT, KEY, PAGE, PERSON, SENT_BEFORE, FieldPath, Refusal
from app.platform.web.forms.keys import is_expired, is_key, new_key

SOMEONE_WROTE = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
"""The statuses of a form that met somebody else's writing: both texts are shown."""

OPTIONS: dict[str, Any] = {
    "required": True,
    "hint": "",
    "bare": False,
    "body": None,
    "must_choose": True,
    "rows": 6,
    "notice": "",
}
"""What every macro of a field takes, and what it is unless its template says otherwise; the rest are attributes."""


class Fields:
    """The fields of one form, as its template calls them; labels are those of the catalogue unless given.

    ``at`` is the place of a field among those of the same name; ``also`` names what the field's errors may be reported
    under, and ``within`` in which list, when the command that the form makes has other names.
    """

    def __init__(self, context: Context, refusal: Refusal | None) -> None:
        self._parts: Any = context.environment.get_template("form_parts.html").module
        self._explain: Any = context.environment.globals["explain"]
        self._used_ids: set[str] = context["used_ids"]
        self.refusal = refusal
        self.problems: list[tuple[str, str, Markup]] = []
        """``(id, label, message)`` of each error that a field shows."""
        self._shown_reasons: set[int] = set()
        self._chosen = ""
        self._texts: dict[str, str] = {}
        self.is_drafted = self.has_file = False

    def text(
        self,
        name: str,
        label: str | None = None,
        value: object = "",
        *,
        drafted: bool = False,
        **options: Any,  # noqa: ANN401
    ) -> Markup:
        """Return a field of one line: a text, or what ``type`` says: a date, a number, an address.

        The browser keeps a draft of it when ``drafted``, as of an :meth:`area`.
        """
        self._draft(options, drafted=drafted)
        return self._field("input", name, label, value, **{"type": "text", **options})

    def area(
        self,
        name: str,
        label: str | None = None,
        value: object = "",
        *,
        drafted: bool = False,
        **options: Any,  # noqa: ANN401
    ) -> Markup:
        """Return a field of several lines; the browser keeps a draft of it when ``drafted``, never of a confidence."""
        self._draft(options, drafted=drafted)
        return self._field("textarea", name, label, value, **options)

    def _draft(self, options: dict[str, Any], *, drafted: bool) -> None:
        """Have the browser keep a draft of a field."""
        self.is_drafted |= drafted
        if drafted:
            options["data-drafted"] = ""

    def select(
        self,
        name: str,
        label: str | None = None,
        choices: Iterable[tuple[object, str]] = (),
        value: object = "",
        *,
        caller: Callable[[], Markup] | None = None,
        **options: Any,  # noqa: ANN401
    ) -> Markup:
        """Return a choice of one value: among ``(value, text)``, or what ``option`` makes in a call block."""
        chosen = self.value(name, value, at=options.get("at"))
        self._chosen = "" if chosen is None else str(chosen)
        self._texts = {}
        body = caller() if caller else Markup().join(self.option(choice, text) for choice, text in choices)
        # A choice can only be left open, and so required, when its first option is empty.
        must_choose = next(iter(self._texts), None) == ""
        return self._field("select", name, label, value, body=body, must_choose=must_choose, **options)

    def option(self, value: object, text: str) -> Markup:
        """Return one of the values of a ``select``."""
        self._texts[str(value)] = text
        return self.markup("option", value=value, text=text, is_chosen=str(value) == self._chosen)

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

    def checkbox(self, name: str, label: str | None = None, value: object = "true", **options: Any) -> Markup:  # noqa: ANN401
        """Return a box to tick, ``checked`` or not; several of one name are a choice of several values."""
        return self._box("checkbox", name, label, value, **options)

    def radio(self, name: str, label: str | None, value: object, **options: Any) -> Markup:  # noqa: ANN401
        """Return one of several choices, of which one is taken; ``checked`` or not."""
        return self._box("radio", name, label, value, **options)

    def hidden(self, name: str, value: object = "") -> Markup:
        """Return a value that the page knows; where the page has none, the one that was sent."""
        sent = self.refusal.values(name) if self.refusal else []
        return self.markup("hidden", name=name, value=value if value not in ("", None) or not sent else sent[0])

    def version(self, name: str, value: object) -> Markup:
        """Return the hidden version of what the person reads; after a refusal, the one that was sent.

        A refusal about it shows the present one: what somebody else wrote meanwhile then stands beside what was typed.
        """
        if self.refusal is not None and not any(FieldPath.of(r).name == name for r in self.refusal.reasons):
            value = next(iter(self.refusal.values(name)), "")
        return self.markup("hidden", name=name, value=value)

    def errors(self, *names: str, label: str | None = None) -> Markup:
        """Return the errors of a group of fields, for its ``fieldset``."""
        id_ = self._own_id(f"{names[0]}-group")
        errors = self._errors(names, label or words.t(f"field.{names[0]}"), id_)
        return self.markup("group_errors", id=id_, errors=errors)

    def is_about(self, name: str) -> bool:
        """Return whether the refusal concerns a field that is shown only then, or that was shown already."""
        reasons = self.refusal.reasons if self.refusal else ()
        was_sent = self.refusal is not None and bool(self.refusal.values(name))
        return was_sent or any(FieldPath.of(r).name == name for r in reasons)

    def button(self, text: str, kind: str = "primary", **attributes: Any) -> Markup:  # noqa: ANN401
        """Return a button that sends the form."""
        return self.markup("button", text=text, kind=kind, attributes=attributes)

    def value(self, name: str, default: object = "", *, at: int | None = None) -> object:
        """Return what was typed in a field, or its value on the page."""
        typed = self.refusal.values(name) if self.refusal else []
        place = at or 0
        return typed[place] if 0 <= place < len(typed) else default

    def place(self, name: str, value: object) -> int:
        """Return the place of a table's line among those that were typed, known by a value of it; -1 for a new line."""
        typed = self.refusal.values(name) if self.refusal else []
        return typed.index(str(value)) if str(value) in typed else -1

    def _field(
        self,
        part: str,
        name: str,
        label: str | None,
        value: object,
        *,
        at: int | None = None,
        also: tuple[str, ...] = (),
        within: str = "",
        error: str = "",
        is_shown_again: bool = True,
        summary: str = "",
        **options: Any,  # noqa: ANN401
    ) -> Markup:
        """Return a field; ``summary`` is its name in the summary of errors, when its label does not tell enough.

        ``error`` is what a page that was only asked for says of it.
        """
        label = label or words.t(f"field.{name}")
        id_ = self._own_id(options.pop("id", name))
        shown = self.value(name, value, at=at) if is_shown_again else ""
        known = {key: options.pop(key, default) for key, default in OPTIONS.items()}
        return self.markup(
            part,
            name=name,
            label=label,
            value=shown,
            id=id_,
            errors=[error] * bool(error) + self._errors((name, *also), summary or label, id_, at=at, within=within),
            saved=self._saved(value, shown) if is_shown_again else "",
            attributes=options,
            **known,
        )

    def _saved(self, value: object, shown: object) -> str:
        """Return what is recorded now, when somebody else may have written it and it is not what was typed."""
        was_met = self.refusal is not None and self.refusal.status in SOMEONE_WROTE
        now = "" if value is None else str(value)
        return self._texts.get(now, now) if was_met and now and now != str(shown) else ""

    def _box(
        self,
        kind: str,
        name: str,
        label: str | None,
        value: object,
        *,
        checked: bool = False,
        also: tuple[str, ...] = (),
        **options: Any,  # noqa: ANN401
    ) -> Markup:
        label = label or words.t(f"field.{name}")
        id_ = self._own_id(options.pop("id", name))
        hint, required = options.pop("hint", ""), options.pop("required", False)
        return self.markup(
            "box",
            kind=kind,
            name=name,
            label=label,
            value=value,
            checked=str(value) in self.refusal.values(name) if self.refusal else checked,
            required=required,
            hint=hint,
            id=id_,
            errors=self._errors((name, *also), label, id_),
            attributes=options,
        )

    def _errors(
        self, names: tuple[str, ...], label: str, id_: str, *, at: int | None = None, within: str = ""
    ) -> list[Markup]:
        """Return the messages about a field; each is shown once, and stands in the summary with the field's label."""
        found = []
        for n, reason in enumerate(self.refusal.reasons if self.refusal else ()):
            path = FieldPath.of(reason)
            is_here = at is None or path.place is None or path.place == at
            if path.name in names and is_here and within in ("", path.group) and n not in self._shown_reasons:
                self._shown_reasons.add(n)
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
    name = FieldPath.of(reason).name
    return words.t(f"field.{name}") if name and words.has_message(f"field.{name}") else ""


@pass_context
def form(
    context: Context,
    action: str,
    *,
    caller: Callable[[Fields], Markup],
    fixed: Mapping[str, object] | None = None,
    method: str = "post",
    **attributes: object,
) -> Markup:
    """Return a form; what the template calls inside makes its fields.

    ``fixed`` are values that tell it from other forms of the same action on the page. A form with a ``drafted``
    text keeps a draft of it in the browser. One that only asks for another page has the method ``get``.
    """
    if method == "get":
        fields = Fields(context, None)
        return fields.markup(
            "form", method=method, action=action, body=caller(fields), fixed=fixed or {}, fields=fields, draft="",
            person=None, attributes=attributes,
        )  # fmt: skip
    refusal: Refusal | None = context["refusal"]
    mine = refusal if refusal is not None and refusal.concerns(action, fixed or {}) else None
    if mine is not None:
        mine.is_shown = True
    fields = Fields(context, mine)
    body = caller(fields)
    person = context["actor"].person_id if context["actor"] and not context["actor"].pending else None
    is_drafted = fields.is_drafted and person is not None
    return fields.markup(
        "form",
        method=method,
        action=with_origin(
            action, context["page_address"], person, key_of(context["page_address"], mine), is_drafted=is_drafted
        ),
        body=body,
        fixed=fixed or {},
        fields=fields,
        draft=f"{urlsplit(action).path}?{urlencode(fixed or {})}" if is_drafted else "",
        person=person,
        attributes=attributes,
    )


@pass_context
def was_refused(context: Context, action: str, fixed: Mapping[str, object] | None = None) -> bool:
    """Return whether the form of an action was refused: what hides it opens."""
    refusal: Refusal | None = context["refusal"]
    return refusal is not None and refusal.concerns(action, fixed or {})


def key_of(page: str, refusal: Refusal | None) -> str:
    """Return the key of a form: that of its page's address, else a new one; a new one too when it is used."""
    key = dict(parse_qsl(urlsplit(page).query)).get(KEY, "")
    was_sent = refusal is not None and refusal.code in SENT_BEFORE
    return key if is_key(key) and not is_expired(key) and not was_sent else new_key()


def with_origin(action: str, page: str, person: int | None, key: str, *, is_drafted: bool = False) -> str:
    """Return an action with its page, the person it is shown to, its one-time key, and whether a draft is kept."""
    path, _, query = action.partition("?")
    parameters = [*parse_qsl(query, keep_blank_values=True), (PAGE, page)]
    parameters += [(PERSON, str(person)), (KEY, key)] if person is not None else []
    parameters += [(DRAFT, "true")] if is_drafted else []
    return f"{path}?{urlencode(parameters, quote_via=quote, safe='/')}"
