"""Signing in: 135 people within a minute, and the sign-in page while strangers try passwords as fast as they can.

The senders are processes of their own, and do not share the server's interpreter. The machine's load is printed:
whatever else it does changes the figures.
"""

import http.client
import json
import statistics
import threading
import time
from collections import Counter
from multiprocessing import get_context
from urllib.parse import urlsplit

PEOPLE = 135
MINUTE = 60.0
SENDERS = 20
SECONDS = 10.0
PAGE = "/connexion"


def sign_in(url: str, email: str, password: str, origin: str = "192.0.2.1") -> tuple[int, float]:
    """Return the status of a sign-in, and its milliseconds."""
    body = json.dumps({"email": email, "password": password})
    headers = {"Content-Type": "application/json", "X-Forwarded-For": origin}
    start = time.perf_counter()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("POST", "/api/v1/sign-ins", body, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status, (time.perf_counter() - start) * 1000


def page(url: str) -> float:
    """Return the milliseconds of the sign-in page."""
    start = time.perf_counter()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    connection.request("GET", PAGE)
    connection.getresponse().read()
    connection.close()
    return (time.perf_counter() - start) * 1000


def rush(url: str, accounts: list[tuple[str, str]]) -> tuple[Counter[str], float, float]:
    """Return how 135 sign-ins within a minute ended, and the median and 95th percentile of their times.

    Each ends with a status, or with the name of the error that the client had instead of an answer.
    """
    results: list[tuple[str, float]] = []

    def go(position: int) -> None:
        time.sleep(position * MINUTE / PEOPLE)
        email, password = accounts[position % len(accounts)]
        started = time.perf_counter()
        try:
            status, milliseconds = sign_in(url, email, password)
        except (OSError, http.client.HTTPException) as error:
            results.append((type(error).__name__, (time.perf_counter() - started) * 1000))
        else:
            results.append((str(status), milliseconds))

    threads = [threading.Thread(target=go, args=(n,)) for n in range(PEOPLE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times = sorted(milliseconds for _, milliseconds in results)
    return Counter(end for end, _ in results), statistics.median(times), times[int(len(times) * 0.95)]


def strangers(url: str, seconds: float) -> None:
    """Try wrong passwords of made-up addresses until the time is over, each from a network of its own."""
    until = time.perf_counter() + seconds

    def go(sender: int) -> None:
        tries = 0
        while time.perf_counter() < until:
            sign_in(url, f"x{sender}-{tries}@example.com", "no such thing", f"198.51.{sender}.{tries % 250}")
            tries += 1

    threads = [threading.Thread(target=go, args=(n,)) for n in range(SENDERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def flood(url: str) -> tuple[float, float]:
    """Return the median milliseconds of the sign-in page in quiet, and while 20 strangers try passwords."""
    quiet = statistics.median(page(url) for _ in range(60))
    senders = get_context("spawn").Process(target=strangers, args=(url, SECONDS))
    senders.start()
    time.sleep(2)  # the process starts, and the lane fills
    times = []
    until = time.perf_counter() + SECONDS - 4
    while time.perf_counter() < until:
        times.append(page(url))
        time.sleep(0.05)
    senders.join()
    return quiet, statistics.median(times)
