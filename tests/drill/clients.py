"""HTTP as the reverse proxy sends it: one connection a client, opened again when it was lost."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HOST = "escouade.example.ca"
SUCCESS = frozenset({200, 201, 303})
TIMEOUT = 20.0
NO_ANSWER = 0
IDLE_SECONDS = 3.0
"""A connection that is idle for longer is not used again: the service closes it after five."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; the status is 0 and the code the name of the error where there was none."""

    status: int
    code: str = ""
    retry_after: str | None = None
    body: Any = None

    @property
    def is_success(self) -> bool:
        """Whether what was asked was done."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, and the statuses that are ``expected`` when nothing is wrong.

    One with a ``marker`` is a write, which is sent again under the same key until it is acknowledged.
    """

    path: str
    token: str = ""
    body: Mapping[str, Any] | None = None
    file: tuple[Mapping[str, str], bytes] | None = None
    marker: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    expected: frozenset[int] = SUCCESS

    @property
    def content(self) -> tuple[str, bytes]:
        """The media type and the bytes of the body."""
        if self.file is None:
            return "application/json", json.dumps(self.body).encode()
        fields, content = self.file
        lines = [f'--X\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
        head = f'--X\r\nContent-Disposition: form-data; name="file"; filename="{self.marker}.txt"\r\n\r\n'
        return "multipart/form-data; boundary=X", "".join([*lines, head]).encode() + content + b"\r\n--X--\r\n"


class Client:
    """A connection to the service."""

    def __init__(self, port: int, origin: str) -> None:
        self._port = port
        self._headers = {
            "Host": HOST, "X-Forwarded-For": origin, "X-Forwarded-Proto": "https", "Accept": "application/json"
        }  # fmt: skip
        self._connection: http.client.HTTPConnection | None = None
        self._used = 0.0

    def send(self, ask: Ask) -> Answer:
        """Send a request and return its answer."""
        headers = {**self._headers, **ask.headers}
        if ask.token:
            headers["Authorization"] = f"Bearer {ask.token}"
        method, content = "GET", None
        if ask.body is not None or ask.file is not None:
            method, (headers["Content-Type"], content) = "POST", ask.content
            headers["Idempotency-Key"] = ask.marker
        try:
            return self._exchange(method, ask.path, content, headers)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            return Answer(NO_ANSWER, type(error).__name__)

    def _exchange(self, method: str, path: str, content: bytes | None, headers: dict[str, str]) -> Answer:
        if time.monotonic() - self._used > IDLE_SECONDS:
            self.close()
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        self._connection.request(method, path, content, headers)
        answer = self._connection.getresponse()
        read = answer.read()
        self._used = time.monotonic()
        if answer.will_close:
            self.close()
        body = json.loads(read) if "json" in answer.headers.get("Content-Type", "") else read
        code = str(body.get("code", "")) if isinstance(body, dict) and answer.status >= http.client.BAD_REQUEST else ""
        return Answer(answer.status, code, answer.headers.get("Retry-After"), body)

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
