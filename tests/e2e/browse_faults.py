"""What fails a browser test is noticed: a script, another host, an answer that was not expected, a page too wide."""

import pytest
from playwright.sync_api import Error

from tests.e2e.axe import violations
from tests.e2e.visits import NARROW, Visits, overflow


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("queueMicrotask(() => { throw new Error('oups') })", "script: oups"),
        ("console.error('oups')", "console: oups"),
        ("fetch('/nulle-part')", "404 from GET /nulle-part"),
    ],
)
def test_fault_of_a_page_is_noticed(visits: Visits, script: str, fault: str) -> None:
    page = visits()
    page.goto("/connexion")
    page.evaluate(script)
    page.goto("/verification")
    assert any(found.startswith(fault) for found in visits.faults), visits.faults
    visits.faults.clear()


def test_request_to_another_host_is_noticed_and_does_not_leave(visits: Visits) -> None:
    page = visits()
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://escouade.example.com/")
    assert visits.faults == ["another host: http://escouade.example.com/"]
    visits.faults.clear()


def test_expected_status_is_no_fault(visits: Visits) -> None:
    visits.expected |= {404}
    page = visits()
    page.goto("/nulle-part")
    assert visits.faults == []


def test_page_that_is_too_wide_or_not_accessible_is_noticed(visits: Visits) -> None:
    page = visits(width=NARROW)
    page.goto("/verification")
    assert overflow(page) == []
    assert violations(page) == []
    page.evaluate("document.querySelector('h1').style.width = '500px'")
    page.evaluate("document.querySelector('label').remove()")
    assert "reaches" in overflow(page)[0]
    assert violations(page)[0].startswith("label")
