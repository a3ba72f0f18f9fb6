"""The protocol of consultations as data: its rules, its minutes, and that it agrees with the pages of the sessions."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.codev.protocols.enums import SessionPart, Variant
from app.codev.protocols.library import check, codev_library
from app.codev.protocols.rules import SESSION_MINUTES, check_protocol, planned_minutes
from app.codev.protocols.schemas import Protocol
from app.codev.records.schemas import RecordForm
from app.curricula.enums import ActivityType
from app.curricula.library import DEFAULT_ROOT, default_library
from app.platform.errors import NotFound

PROTOCOL = codev_library().newest_protocol
BRIEF = re.compile("bref|brève|express|resserrée|clôture")


def data() -> dict[str, Any]:
    """Return the published protocol, to be broken."""
    return PROTOCOL.model_dump(mode="json")


def codes(broken: dict[str, Any]) -> list[str]:
    """Return the codes of what is wrong in a protocol."""
    protocol = Protocol.model_validate_json(json.dumps(broken))
    return [f.reason.code.removeprefix("curricula.") for f in check_protocol(protocol)]


def test_published_protocol_has_six_steps_and_an_express_variant() -> None:
    assert check(DEFAULT_ROOT)[1] == ()
    steps = {form.code: [step.code for step in form.steps] for form in PROTOCOL.variants}
    assert steps[Variant.STANDARD] == [
        "presentation", "clarification", "contract", "consultation", "synthesis", "learning",
    ]  # fmt: skip
    assert steps[Variant.EXPRESS][2] == "reformulation"
    assert [PROTOCOL.variant(v).minutes for v in Variant] == [65, 60]
    assert (PROTOCOL.preparation.code, PROTOCOL.follow_up.code) == ("preparation", "follow-up")
    with pytest.raises(NotFound):
        codev_library().protocol("9.9")


@pytest.mark.parametrize("form", PROTOCOL.variants, ids=lambda form: form.code.value)
def test_session_of_the_protocol_lasts_as_long_as_those_of_the_paths_with_its_break(form: Any) -> None:
    assert sum(part.minutes for part in form.meeting if part.part is SessionPart.BREAK) == 10
    planned = {
        activity.minutes
        for slug in ("generaliste", "specialise")
        for activity in default_library().curriculum(slug, "1.0").activities
        if activity.type is ActivityType.codev
    }
    assert planned == {form.meeting_minutes} == {SESSION_MINUTES}


def consultations() -> list[tuple[str, int, str]]:
    """Return the page, the minutes and the words of each consultation that the pages of the paths plan."""
    pages = [*DEFAULT_ROOT.glob("generaliste/1.0/GEN-7.*.md"), *DEFAULT_ROOT.glob("specialise/1.0/SPE-9.*.md")]
    line = re.compile(r"^- ([0-9]+) min – (?!suite)(.*consultation.*)$", re.MULTILINE)
    return [(p.stem, int(m), words) for p in sorted(pages) for m, words in line.findall(p.read_text("utf-8"))]


def test_consultation_of_each_page_fits_the_protocol() -> None:
    assert len(consultations()) > 20
    for page, minutes, words in consultations():
        form = PROTOCOL.variant(Variant.EXPRESS if BRIEF.search(words) else Variant.STANDARD)
        assert form.shortest <= minutes <= form.longest, (page, minutes, words)
        assert sum(planned_minutes(form, minutes)) == minutes


@given(st.sampled_from(PROTOCOL.variants), st.integers(0, 300))
def test_minutes_of_the_steps_add_up_within_their_limits(form: Any, total: int) -> None:
    minutes = planned_minutes(form, total)
    assert all(step.min <= n <= step.max for step, n in zip(form.steps, minutes, strict=True))
    assert sum(minutes) == min(max(total, form.shortest), form.longest)


def test_protocol_that_does_not_add_up_is_refused_with_its_place() -> None:
    assert codes(data()) == []
    broken = data()
    broken["variants"][0]["meeting"][0]["minutes"] = 11
    assert codes(broken) == ["protocol_session"]
    broken = data()
    broken["variants"][0]["steps"][1]["minutes"] = 30
    assert codes(broken) == ["protocol_minutes"]
    broken = data()
    broken["variants"][0]["steps"].pop()
    assert "protocol_steps" in codes(broken)
    broken = data()
    broken["variants"][0]["meeting"][2]["minutes"], broken["variants"][0]["meeting"][4]["minutes"] = 120, 5
    assert codes(broken) == ["protocol_consultation", "protocol_consultation"]
    broken = data()
    broken["follow_up"]["minutes"] = 15
    assert codes(broken) == ["protocol_follow_up", "protocol_follow_up"]
    broken = data()
    broken["variants"][1] = broken["variants"][0]
    assert codes(broken) == ["duplicate", "protocol_variant"]


def test_record_form_without_variants_says_the_usual_one() -> None:
    turns = {"position": (1, 2), "client_id": (7, 8), "turn": ("held", "held"), "reason": ("", "")}
    assert [t.protocol for t in RecordForm(**turns).command.turns] == [Variant.STANDARD] * 2
    express = RecordForm(**turns, protocol=("express",))
    assert [t.protocol for t in express.command.turns] == [Variant.EXPRESS, Variant.STANDARD]
