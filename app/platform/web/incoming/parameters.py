"""What a request may carry, derived from what its route declares: query parameters, form fields, the type of its body.

One dependency of the whole application checks it before anything else of a request runs. A parameter that no one reads
is a mistake of its sender (a filter written wrong would list everything), and one sent twice means two things.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.params import Form
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from python_multipart.multipart import parse_options_header

from app.platform.errors import Invalid, Reason, UnsupportedMedia

PART = b"application/octet-stream"
"""A part of a file that is sent in parts, as tus 1.0.0 names it: bytes, neither JSON nor a form."""
FORMS = frozenset({b"application/x-www-form-urlencoded", b"multipart/form-data"})
SEQUENCES = (tuple, list, set, frozenset, Sequence)


class Parameters:
    """The parameters that a route declares: which may be sent twice; whether it ignores those that it does not know."""

    def __init__(self, fields: Iterable[tuple[str, FieldInfo]]) -> None:
        self.may_repeat: dict[str, bool] = {}
        self.ignores_others = False
        self.is_model = False
        for name, field in fields:
            models = list(_models(field.annotation))
            for model in models:
                self.is_model = True
                self.ignores_others |= model.model_config.get("extra") == "ignore"
                self.may_repeat |= {f.alias or n: _is_sequence(f.annotation) for n, f in model.model_fields.items()}
            if not models:
                self.may_repeat[field.alias or name] = _is_sequence(field.annotation)

    def faults(self, names: Iterable[str]) -> Iterator[Reason]:
        """Yield a reason for each name that is unknown, or sent twice though it has one value."""
        for name, count in Counter(names).items():
            if name not in self.may_repeat and not self.ignores_others:
                yield Reason("extra_forbidden", field=name)
            elif count > 1 and not self.may_repeat.get(name, False):
                yield Reason("repeated", field=name)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """Yield the models of an annotation: a query or a form may be declared as one, or as a choice of several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif not _is_sequence(annotation):
        for argument in get_args(annotation):
            yield from _models(argument)


def _is_sequence(annotation: object) -> bool:
    """Return whether a parameter has several values; also one that is optional or annotated."""
    origin = get_origin(annotation) or annotation
    if isinstance(origin, type) and issubclass(origin, SEQUENCES) and not issubclass(origin, str | bytes):
        return True
    is_wrapped = origin is Annotated or NoneType in get_args(annotation)
    return is_wrapped and any(_is_sequence(argument) for argument in get_args(annotation))


def _dependants(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for child in dependant.dependencies:
        yield from _dependants(child)


_DECLARED: dict[Callable[..., Any], tuple[Parameters, Parameters]] = {}
"""What the routes declare, by their functions: derived once."""


def declared(route: APIRoute) -> tuple[Parameters, Parameters]:
    """Return the query parameters and the form fields of a route."""
    found = _DECLARED.get(route.endpoint)
    if found is None:
        whole = list(_dependants(route.dependant))
        query = [(f.name, f.field_info) for d in whole for f in d.query_params]
        form = [(f.name, f.field_info) for d in whole for f in d.body_params if isinstance(f.field_info, Form)]
        found = _DECLARED[route.endpoint] = Parameters(query), Parameters(form)
    return found


async def check_parameters(request: Request) -> None:
    """Raise :class:`Invalid` (422) for parameters that the route does not know, or that are sent twice.

    Raise :class:`UnsupportedMedia` (415) for a body that is not of the type that the route reads.
    """
    route = request.scope["route"]
    query, form = declared(route)
    media, _ = parse_options_header(request.headers.get("content-type"))
    body = route.body_field and route.body_field.field_info
    reads_form = isinstance(body, Form)
    if body is not None and _has_body(request.headers) and not _is_read(media, body):
        raise UnsupportedMedia
    reasons = [*query.faults(name for name, _ in request.query_params.multi_items())]
    if reads_form and media in FORMS:
        names = [name for name, _ in (await request.form()).multi_items()]
        # The model of a form refuses what it does not know by itself, after the guard.
        reasons += [r for r in form.faults(names) if r.code == "repeated" or not form.is_model]
    if reasons:
        raise Invalid("invalid", *reasons)


def _has_body(headers: Mapping[str, Any]) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_read(media: bytes, body: FieldInfo) -> bool:
    """Return whether a route that reads a form, a part of a file, or else JSON, reads a media type."""
    if isinstance(body, Form):
        return media in FORMS
    if getattr(body, "media_type", None) == PART.decode():
        return media == PART
    kind, _, subtype = media.partition(b"/")
    return kind == b"application" and (subtype == b"json" or subtype.endswith(b"+json"))
