"""Pure rules that contracts and protocols must respect."""

from collections.abc import Iterator, Sequence
from itertools import chain

from app.codev.protocols.enums import SessionPart, Variant
from app.codev.protocols.schemas import ConsultationForm, Contract, Protocol, Step
from app.curricula.files.problems import Location
from app.curricula.rules import Finding
from app.platform.errors import Reason, Scalar

STEPS = 6
"""The steps of a consultation, besides its preparation and its follow-up."""
SESSION_MINUTES = 180
"""A session of the paths: its parts, with the break, add up to it (BR-06)."""


def check_contract(contract: Contract) -> tuple[Finding, ...]:
    """Return the findings on a contract: each clause has a code of its own."""
    return tuple(_duplicates([clause.code for clause in contract.clauses], "clauses"))


def check_protocol(protocol: Protocol) -> tuple[Finding, ...]:
    """Return the findings on a protocol: each variant once, six steps within their limits, a session that adds up."""
    codes = [form.code for form in protocol.variants]
    missing = (_finding("protocol_variant", "variants", variant=v.value) for v in Variant if v not in codes)
    return tuple(
        chain(
            _duplicates(codes, "variants"),
            missing,
            _check_minutes(protocol.preparation, ("preparation",)),
            _check_minutes(protocol.follow_up, ("follow_up",)),
            *(_check_form(protocol, form, index) for index, form in enumerate(protocol.variants)),
        )
    )


def _check_form(protocol: Protocol, form: ConsultationForm, index: int) -> Iterator[Finding]:
    path = ("variants", index)
    if len(form.steps) != STEPS:
        yield _finding("protocol_steps", *path, "steps", n=len(form.steps), expected_n=STEPS)
    yield from _duplicates([step.code for step in form.steps], *path, "steps")
    for place, step in enumerate(form.steps):
        yield from _check_minutes(step, (*path, "steps", place))
    if form.meeting_minutes != SESSION_MINUTES:
        yield _finding("protocol_session", *path, "meeting", n=form.meeting_minutes, expected_n=SESSION_MINUTES)
    of_part = {part: [p.minutes for p in form.meeting if p.part is part] for part in SessionPart}
    for minutes in of_part[SessionPart.CONSULTATION]:
        if not form.shortest <= minutes <= form.longest:
            limits = {"least": form.shortest, "most": form.longest}
            yield _finding("protocol_consultation", *path, "meeting", n=minutes, **limits)
    if sum(of_part[SessionPart.FOLLOW_UP]) < protocol.follow_up.minutes * len(of_part[SessionPart.CONSULTATION]):
        yield _finding("protocol_follow_up", *path, "meeting", n=protocol.follow_up.minutes)


def _check_minutes(step: Step, path: Location) -> Iterator[Finding]:
    if not step.min <= step.minutes <= step.max:
        yield _finding("protocol_minutes", *path, "minutes", n=step.minutes, least=step.min, most=step.max)


def planned_minutes(form: ConsultationForm, total: int) -> list[int]:
    """Return the minutes of each step of a consultation of ``total`` minutes, within the limits of its steps.

    Minutes are taken from, or given to, the step that has most room; a total beyond all limits gets the nearest one.
    """
    minutes = [step.minutes for step in form.steps]
    while sum(minutes) > max(total, form.shortest):
        place = max(range(len(minutes)), key=lambda n: minutes[n] - form.steps[n].min)
        minutes[place] -= 1
    while sum(minutes) < min(total, form.longest):
        place = max(range(len(minutes)), key=lambda n: form.steps[n].max - minutes[n])
        minutes[place] += 1
    return minutes


def _finding(code: str, /, *path: str | int, **params: Scalar) -> Finding:
    return Finding(Reason(f"curricula.{code}", params), path)


def _duplicates(codes: Sequence[str], *path: str | int) -> Iterator[Finding]:
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield _finding("duplicate", *path, index, "code", code=code)
