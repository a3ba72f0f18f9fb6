"""Compression of what carries no secret.

A compressed page that holds a secret beside what its reader was made to send tells the secret by its size (BREACH). So
only answers to nobody in particular are compressed: no cookie nor token came with the request, no secret is in the
address; and documents that every site may read. Static files are compressed once (``assets.py``).
"""

import gzip
import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

LEAST_BYTES = 500
"""A smaller body gains nothing."""
TEXT = re.compile(r"(?:text/|image/svg|application/(?:[\w.+-]+\+)?json)")


class CompressedSend:
    """Sends a response, compressed when the client reads gzip and the response carries no secret."""

    def __init__(self, send: Send, scope: Scope, headers: Headers) -> None:
        self._send, self._scope = send, scope
        self._reads_gzip = "gzip" in headers.get("accept-encoding", "")
        self._is_nobody = "cookie" not in headers and "authorization" not in headers
        self._start: Message | None = None

    async def __call__(self, message: Message) -> None:
        """Send a message of the response; its start waits for the body."""
        if message["type"] == "http.response.start":
            if self._may_compress(Headers(raw=message["headers"])):
                self._start = message
                return
        elif self._start is not None:
            start, self._start = self._start, None
            self._compress(start, message)
            await self._send(start)
        await self._send(message)

    def _may_compress(self, headers: Headers) -> bool:
        is_for_all = self._scope["state"].get("is_for_every_site", False)
        has_no_secret = is_for_all or (self._is_nobody and "x-robots-tag" not in headers)
        is_text = TEXT.match(headers.get("content-type", "")) is not None
        is_decided = "content-encoding" in headers or "vary" in headers
        return has_no_secret and is_text and not is_decided

    def _compress(self, start: Message, body: Message) -> None:
        headers = MutableHeaders(raw=list(start["headers"]))
        headers.add_vary_header("Accept-Encoding")
        content = body.get("body", b"")
        if self._reads_gzip and len(content) >= LEAST_BYTES and not body.get("more_body", False):
            body["body"] = gzip.compress(content, 6, mtime=0)
            headers["Content-Encoding"] = "gzip"
            headers["Content-Length"] = str(len(body["body"]))
            if "etag" in headers:
                headers["ETag"] = "W/" + headers["etag"].removeprefix("W/")
        start["headers"] = headers.raw
