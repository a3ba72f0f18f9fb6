"""Which parts a home page has for whom, in which order, and where each number leads."""

from app.overview.home.enums import WaitingKind
from app.overview.home.rules import NEEDS, PAGES, address, in_order, kinds_of
from app.overview.home.schemas import WaitingLine, WaitingPart
from app.platform.security.permissions import P


def test_every_kind_has_a_permission_and_a_page() -> None:
    assert list(NEEDS) == list(PAGES) == list(WaitingKind)


def test_each_kind_is_there_once_for_those_who_may_act_on_it() -> None:
    assert kinds_of(lambda _: False) == []
    assert kinds_of({P.JUDGEMENT_MAKE, P.ROLLCALL_RECORD}.__contains__) == [WaitingKind.CALLS, WaitingKind.WORKS]
    assert kinds_of(lambda _: True) == list(WaitingKind)


def test_most_urgent_comes_first_and_empty_parts_last() -> None:
    line = (WaitingLine(count=1),)
    works, calls = WaitingPart(kind=WaitingKind.WORKS, lines=line), WaitingPart(kind=WaitingKind.CALLS)
    hours, risks = WaitingPart(kind=WaitingKind.HOURS), WaitingPart(kind=WaitingKind.RISKS, lines=line)
    assert in_order([hours, works, calls, risks]) == (risks, works, calls, hours)


def test_number_leads_to_the_page_of_its_place() -> None:
    assert address(WaitingKind.RISKS, WaitingLine(count=2, id=7)) == "/cohortes/7?suivi=risque"
    assert address(WaitingKind.HOURS, WaitingLine(count=2)) == "/heures"
