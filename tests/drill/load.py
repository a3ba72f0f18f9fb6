"""The load: people who read, and writers; every write is marked, and sent again under its key until acknowledged."""

import hashlib
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import TypeAlias

from tests.drill.clients import Answer, Ask, Client
from tests.drill.population import Population
from tests.factories.network import STARTED

Writes: TypeAlias = Generator[Ask, Answer, None]
V1 = "/api/v1"
AGAIN_SECONDS = 0.25
ASSESSMENTS = ("GEN-1.C", "GEN-2.C", "GEN-3.C", "GEN-4.C", "GEN-6.C")
HALF_HOURS = {"GEN-8.A": 6, "GEN-8.B": 4, "GEN-8.C": 4}
"""The field activities, and how many half-hours each plans."""
BATCH = 2
DEPOSIT_BYTES = 20_000


def hours(people: Population) -> Writes:
    """Declare half an hour, until the plan of everyone is declared."""
    codes = [code for code, most in HALF_HOURS.items() for _ in range(most)]
    for n, (code, learner) in enumerate(itertools.product(codes, people.learners)):
        body = {"activity_code": code, "minutes": 30, "worked_on": str(STARTED), "note": f"hours-{n}"}
        yield Ask(f"{V1}/enrolments/{learner.enrolment}/field-hours", learner.token, body, marker=f"hours-{n}")


def deposits(people: Population) -> Writes:
    """Hand in a file, each of its own content."""
    for n, (code, learner) in enumerate(itertools.product(ASSESSMENTS, people.learners)):
        path = f"{V1}/enrolments/{learner.enrolment}/hand-in-files"
        marker = f"deposit-{n}"
        yield Ask(path, learner.token, file=({"activity_code": code}, deposit(marker)), marker=marker)


def deposit(marker: str) -> bytes:
    """Return the content of the file of a marker."""
    return f"{marker}\n".encode() * (DEPOSIT_BYTES // (len(marker) + 1))


def deposit_name(marker: str) -> str:
    """Return the name under which the file of a marker is stored."""
    return hashlib.sha256(deposit(marker)).hexdigest()


def judgements(people: Population) -> Writes:
    """Judge a competency of someone on a hand-in."""
    for n, learner in enumerate(itertools.cycle(people.learners)):
        body = {
            "competency_code": "CN-01", "level": 2, "criteria_met": ["CN-01.C1"], "comment": f"judgement-{n}",
            "evidence": [{"kind": "hand_in", "id": learner.hand_in}],
        }  # fmt: skip
        path = f"{V1}/enrolments/{learner.enrolment}/judgements"
        yield Ask(path, people.tokens["trainer"], body, marker=f"judgement-{n}")


def roll_calls(people: Population) -> Writes:
    """Correct the roll call of a session; each correction names the one before."""
    before = people.roll_call
    for n in itertools.count():
        present = {"status": "present", "minutes": 60 + n % 60, "mode": "onsite"}
        body = {
            "entries": [{"enrolment_id": people.world.enrolments["other_participant"], **present}],
            "supersedes": before, "reason": f"roll-call-{n}",
        }  # fmt: skip
        path = f"{V1}/sessions/{people.session}/roll-call"
        answer = yield Ask(path, people.tokens["other_trainer"], body, marker=f"roll-call-{n}")
        before = answer.body["roll_call_id"]


def invitations(people: Population) -> Writes:
    """Invite someone: a letter is to be sent."""
    for n in itertools.count():
        body = {"email": f"invitation-{n}@alma.example.com", "role": "trainer", "cohort_id": people.world.cohort}
        path = f"{V1}/colleges/{people.world.alma}/invitations"
        yield Ask(path, people.tokens["registrar"], body, marker=f"invitation-{n}")


def batches(people: Population) -> Writes:
    """Decide to issue some attestations: a worker issues and renders them."""
    for n, enrolments in enumerate(_pairs(people.eligible)):
        items = [{"enrolment_id": id_, "kind": "attestation_participation"} for id_ in enrolments]
        path = f"{V1}/colleges/{people.world.alma}/certificate-batches"
        yield Ask(path, people.tokens["registrar"], {"items": items}, marker=f"batch-{n}")


def _pairs(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[at : at + BATCH] for at in range(0, len(ids), BATCH))


WRITERS: dict[str, tuple[Callable[[Population], Writes], float]] = {
    "hours": (hours, 0.25),
    "deposit": (deposits, 0.8),
    "judgement": (judgements, 0.3),
    "roll-call": (roll_calls, 0.5),
    "invitation": (invitations, 0.6),
    "batch": (batches, 5.0),
}
"""What is written, and the seconds between two of a kind."""


UNKNOWN = frozenset({404})
"""What is answered of a code that is nobody's."""


def reads(people: Population) -> dict[str, list[Ask]]:
    """Return what three readers ask for, in turns."""
    world, tokens = people.world, people.tokens
    learner = people.learners[0]
    return {
        "participant": [
            Ask(f"{V1}/me/progress", tokens["maude"]),
            Ask("/parcours", tokens["maude"], headers={"Accept": "text/html"}),
            Ask(f"{V1}/enrolments/{learner.enrolment}/hand-ins", learner.token),
        ],
        "staff": [
            Ask(f"{V1}/cohorts/{world.cohort}/board", tokens["coordinator"]),
            Ask("/jugements", tokens["trainer"], headers={"Accept": "text/html"}),
            Ask(f"{V1}/colleges/{world.alma}/certificate-batches", tokens["registrar"]),
        ],
        "anyone": [
            Ask("/connexion", headers={"Accept": "text/html"}),
            Ask(f"{V1}/verify/AAAA-AAAA-AAAA-AAAA", expected=UNKNOWN),
        ],
    }


READ_SECONDS = 0.2
WAKE_SECONDS = 0.5
STEADY_SECONDS = 3.0
"""How long no error may come before all counts as back."""


class Sender(threading.Thread):
    """One after the other, sends requests; notes what was answered and when."""

    def __init__(self, kind: str, port: int, position: int, pause: float) -> None:
        super().__init__(daemon=True, name=kind)
        self.kind, self.pause = kind, pause
        self.client = Client(port, f"192.0.2.{position + 1}")
        self.succeeded: list[tuple[float, float]] = []
        self.errors: list[tuple[float, int, str, str | None]] = []
        self.acknowledged: list[str] = []
        self.stopped = threading.Event()
        self.wake = threading.Event()
        self.failure: Exception | None = None

    def run(self) -> None:
        """Send until stopped; keep what stopped it otherwise."""
        try:
            self.send_all()
        except Exception as failure:
            self.failure = failure

    def send_all(self) -> None:
        """Send until stopped, or until nothing is left to send."""
        raise NotImplementedError

    def ask(self, ask: Ask) -> Answer:
        """Send a request and note its answer."""
        began = time.monotonic()
        answer = self.client.send(ask)
        if answer.status in ask.expected:
            self.succeeded.append((began, time.monotonic()))
        else:
            self.errors.append((time.monotonic(), answer.status, answer.code, answer.retry_after))
        return answer

    def rest(self, seconds: float) -> None:
        """Wait for so long, or until woken."""
        self.wake.wait(seconds)
        self.wake.clear()

    def recovered_at(self, moment: float) -> float | None:
        """Return when the first request succeeded after the last error that came since a moment; ``None`` before."""
        if self.failure is not None:
            return None
        last = max([error[0] for error in list(self.errors) if error[0] >= moment], default=moment)
        later = list(itertools.takewhile(lambda pair: pair[0] >= last, reversed(list(self.succeeded))))
        return later[-1][1] if later else None


class Reader(Sender):
    """Asks for the same things in turns."""

    def __init__(self, kind: str, port: int, position: int, asks: Sequence[Ask]) -> None:
        super().__init__(kind, port, position, READ_SECONDS)
        self._asks = asks

    def send_all(self) -> None:
        """Read until stopped."""
        for ask in itertools.cycle(self._asks):
            if self.stopped.is_set():
                return
            self.ask(ask)
            self.rest(self.pause)


class Writer(Sender):
    """Writes; what is not acknowledged is sent again under the same key, until it is."""

    def __init__(self, kind: str, port: int, position: int, pause: float, writes: Writes) -> None:
        super().__init__(kind, port, position, pause)
        self._writes = writes

    def send_all(self) -> None:
        """Write until stopped, or until nothing is left to write."""
        ask = next(self._writes)
        while not self.stopped.is_set():
            answer = self.ask(ask)
            if not answer.is_success:
                self.rest(AGAIN_SECONDS)
                continue
            self.acknowledged.append(ask.marker)
            try:
                ask = self._writes.send(answer)
            except StopIteration:
                return
            self.rest(self.pause)


class Load:
    """All senders."""

    def __init__(self, port: int, people: Population) -> None:
        self._woken = 0.0
        kinds = WRITERS.items()
        self.writers = [Writer(kind, port, n, pause, of(people)) for n, (kind, (of, pause)) in enumerate(kinds)]
        self.readers = [Reader(f"read by {who}", port, 100 + n, a) for n, (who, a) in enumerate(reads(people).items())]

    @property
    def senders(self) -> list[Sender]:
        """Writers and readers."""
        return [*self.writers, *self.readers]

    def __enter__(self) -> "Load":
        for sender in self.senders:
            sender.start()
        return self

    def __exit__(self, *_: object) -> None:
        for sender in self.senders:
            sender.stopped.set()
            sender.wake.set()
        for sender in self.senders:
            sender.join()
            sender.client.close()
        if failures := [sender.failure for sender in self.senders if sender.failure]:
            raise ExceptionGroup("senders failed", failures)

    def acknowledged(self) -> dict[str, list[str]]:
        """Return the marks of the writes acknowledged so far, by kind."""
        return {writer.kind: list(writer.acknowledged) for writer in self.writers}

    def errors_since(self, moment: float) -> Counter[tuple[int, str, bool]]:
        """Return the answers that were no success since a moment: status, code, whether they say when to try again."""
        found = (error for sender in self.senders for error in list(sender.errors) if error[0] >= moment)
        return Counter((status, code, retry is not None) for _, status, code, retry in found)

    def seconds_to_recover(self, began: float, ended: float) -> float | None:
        """Return how long after the end of a fault all senders had gone over to success; ``None`` while one has not."""
        moments = [sender.recovered_at(began) for sender in self.senders if sender.is_alive() or sender.failure]
        if None in moments or time.monotonic() - max(filter(None, moments)) < STEADY_SECONDS:
            return None
        return max(0.0, max(filter(None, moments)) - ended)

    def wake_all(self) -> None:
        """Have each sender that rests send, twice a second at most."""
        if time.monotonic() - self._woken > WAKE_SECONDS:
            self._woken = time.monotonic()
            for sender in self.senders:
                sender.wake.set()
