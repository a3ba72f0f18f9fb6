"""Lists: cards on a telephone are still a table to those who hear the page."""

from tests.e2e.visits import NARROW, Visits


def test_cards_of_a_list_at_320_px_are_read_as_a_table(visits: Visits) -> None:
    """As the browser tells screen readers: some dropped a table's roles where a style sheet displays it otherwise."""
    page = visits("coordinator", width=NARROW)
    page.goto("/cohortes")
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")
    roles = [node["role"]["value"] for node in tree["nodes"] if not node["ignored"]]
    assert {"table", "row", "columnheader", "rowheader", "cell"} <= set(roles)
