"""A term under way over HTTP: the clock moves day by day, and the worker's jobs run on each day."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from fastapi.testclient import TestClient

from app.attendance.calendar.notices import remind
from app.cohorts.waitlist.filling import cohorts_to_fill, fill_seats
from app.notifications.letters import write_letters
from app.platform.clock import at
from app.platform.config import Settings
from app.platform.database.transaction import Database
from app.platform.messages.i18n import NBSP
from app.progress.risk.reminders import remind_of_late_work
from tests.factories.network import World, token

API = "/api/v1"
MONTREAL = ZoneInfo("America/Toronto")


def hour(day: date, clock: int = 13) -> datetime:
    """Return an hour of a day in Quebec."""
    return datetime.combine(day, time(clock), MONTREAL)


def plain(words: str) -> str:
    """Return a text with ordinary spaces."""
    return words.replace(NBSP, " ")


class Term:
    """A term under way: everyone's sign-ins, the cohort, and what each person should have been told."""

    def __init__(self, client: TestClient, database: Database, world: World, settings: Settings, day: date) -> None:
        self.client, self.database, self.world, self.settings = client, database, world, settings
        self.day, self.clock = day, time(13)
        self.tokens: dict[str, str] = {}
        self.cohort = 0
        self.enrolments: dict[str, int] = {}
        self.applied: dict[str, int] = {}
        self.sessions: dict[str, int] = {}
        self.told: dict[str, Counter[str]] = {}

    def call(self, who: str, method: str, path: str, expected: int = 200, **body: Any) -> Any:
        """Send a request as someone, at the day and hour of the term; return the decoded answer."""
        with at(datetime.combine(self.day, self.clock, MONTREAL)):
            if who not in self.tokens:
                self.tokens[who] = token(self.database, self.world, who)
            headers = {"Authorization": f"Bearer {self.tokens[who]}"}
            answer = self.client.request(method, f"{API}{path}", headers=headers, json=body or None)
        assert answer.status_code == expected, f"{who} {method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def tell(self, title: str, *people: str) -> None:
        """Note a message that these people should get."""
        for who in people:
            self.told.setdefault(self.world.emails[who], Counter())[plain(title)] += 1

    def work(self) -> None:
        """Run the worker's jobs as they run in the afternoon of the day."""
        with at(hour(self.day, 14)):
            for cohort in cohorts_to_fill(self.database):
                fill_seats(self.database, cohort)
            for job in (remind, remind_of_late_work):
                with self.database.as_owner() as db:
                    job(db)
            write_letters(self.database, self.settings)

    def wait_until(self, day: date) -> None:
        """Let the days go by, the worker running on each."""
        while self.day < day:
            self.work()
            self.day += timedelta(days=1)
            self.tokens.clear()

    @contextmanager
    def at_clock(self, clock: time) -> Iterator[None]:
        """Let what is sent be sent at another hour of the day than one in the afternoon."""
        before, self.clock = self.clock, clock
        self.tokens.clear()
        yield
        self.clock = before
        self.tokens.clear()

    @contextmanager
    def browser(self, who: str | None = None) -> Iterator[TestClient]:
        """Yield a browser at one in the afternoon of the day, signed in as someone or not."""
        with at(hour(self.day)):
            browser = TestClient(self.client.app, follow_redirects=False)
            if who is not None:
                browser.headers["Authorization"] = f"Bearer {token(self.database, self.world, who)}"
            yield browser
