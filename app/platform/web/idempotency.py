"""``Idempotency-Key``: a creation sent twice is done once, and both requests get the same response.

A route of :class:`IdempotentRoute` that creates (201) accepts the header from signed-in people. Once the guard has
loaded the actor, the key's :class:`Claim` takes a lock in the request's transaction; the response is stored in that
same transaction, after it was serialised and before the commit. So the effect and the response are committed together
or not at all: a refusal, a crash or a lost connection leaves the key free, and no "in flight" state outlives its
request.

Responses are encrypted with the keyring: some hold a secret that is shown once. They are stored for 24 hours at least,
then deleted.
"""

import hashlib
import json
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeAlias

from fastapi import Request, Response, status
from fastapi.concurrency import run_in_threadpool
from fastapi.routing import APIRoute
from python_multipart.multipart import parse_options_header
from sqlalchemy import Text, UniqueConstraint, insert, text
from sqlmodel import Field, select
from starlette.requests import ClientDisconnect

from app.platform.clock import now
from app.platform.database.rows import Row
from app.platform.database.session import Session
from app.platform.database.types import moment
from app.platform.errors import Conflict, Invalid, Reason
from app.platform.security.actor import Actor
from app.platform.security.keyring import KeyPurpose, Keyring
from app.platform.web.deps import keyring_of

Handler: TypeAlias = Callable[[Request], Coroutine[Any, Any, Response]]
HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST_KEY = 100
RETENTION_HOURS = 24
STORED_HEADERS = ("content-type", "etag", "location")
KEY_PATTERN = re.compile(rf"[!-~]{{1,{LONGEST_KEY}}}")
_TRY_LOCK = text("select pg_try_advisory_xact_lock(hashtextextended(:key, 0))")
ALREADY_RECEIVED: dict[int | str, dict[str, Any]] = {
    200: {"description": "Already received: the same content sent again"}
}
"""OpenAPI response of a route that answers 200 when the same content is sent again."""


def set_creation_status(response: Response, *, is_new: bool) -> None:
    """Set the response's status: 201 for new content, 200 for content already received."""
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK


class IdempotentRequest(Row, table=True):
    """The encrypted response to a creation, with the request's digest, under a key of the person who sent it."""

    __tablename__ = "idempotent_request"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    person_id: int = Field(foreign_key="person.id")
    key: str = Field(max_length=LONGEST_KEY)
    answer_sealed: str = Field(sa_type=Text)
    created_at: datetime = moment(index=True)


class AlreadyAnswered(Exception):
    """Raised when a request with the same key was answered before; ``response`` is the stored one."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(response.status_code)


@dataclass
class Claim:
    """A request's claim to its key, from the moment that its actor is known until its transaction ends."""

    key: str
    digest: str
    keyring: Keyring
    _acquired: tuple[Session, int] | None = field(default=None, init=False)

    def acquire(self, db: Session, actor: Actor) -> None:
        """Take the key's lock in the transaction of ``db``.

        Raise :class:`AlreadyAnswered` when a response is stored, ``Conflict`` (409) while another request has the lock.
        """
        bound = self._bound(actor.person_id)
        self.lock(db, bound)
        same_key = (IdempotentRequest.person_id == actor.person_id, IdempotentRequest.key == self.key)
        encrypted = db.exec(select(IdempotentRequest.answer_sealed).where(*same_key)).one_or_none()
        if encrypted is not None:
            raise AlreadyAnswered(
                self.replay(json.loads(self.keyring.decrypt(KeyPurpose.ANSWER, encrypted, bound=bound)))
            )
        self._acquired = db, actor.person_id

    def lock(self, db: Session, bound: str) -> None:
        """Take the key's lock, or raise ``Conflict`` (409) while another request has it."""
        if not db.execute(_TRY_LOCK, {"key": bound}).scalar_one():
            raise Conflict("idempotency_in_flight", retry_after=1)

    def store(self, response: Response) -> None:
        """Store the response in the transaction of the effect."""
        if self._acquired is None or response.status_code >= HTTPStatus.BAD_REQUEST:
            return
        db, person_id = self._acquired
        answer = {
            "digest": self.digest,
            "status": response.status_code,
            "headers": {name: response.headers[name] for name in STORED_HEADERS if name in response.headers},
            "body": bytes(response.body).decode(),
        }
        encrypted = self.keyring.encrypt(KeyPurpose.ANSWER, json.dumps(answer), bound=self._bound(person_id))
        row = {"person_id": person_id, "key": self.key, "answer_sealed": encrypted, "created_at": now()}
        db.connection().execute(insert(IdempotentRequest).values(row))

    def replay(self, answer: dict[str, Any]) -> Response:
        """Return the stored response; raise ``Invalid`` (422) for another request under the same key."""
        if answer["digest"] != self.digest:
            raise Invalid("idempotency_mismatch", Reason("idempotency_mismatch", field=HEADER))
        return Response(answer["body"], answer["status"], {**answer["headers"], REPLAYED: "true"})

    def _bound(self, person_id: int) -> str:
        """Return what the stored response is bound to; also the name of the lock."""
        return f"idempotency:{person_id}:{self.key}"


class IdempotentRoute(APIRoute):
    """A route of the API that accepts an ``Idempotency-Key`` when it creates (201)."""

    def get_route_handler(self) -> Handler:
        """Return FastAPI's handler, wrapped in the key's claim; it ends before the transaction does."""
        handle = super().get_route_handler()
        if self.status_code != HTTPStatus.CREATED:
            return handle

        return done_once(handle, claim_of)


def done_once(handle: Handler, find_claim: Callable[[Request], Coroutine[Any, Any, Claim | None]]) -> Handler:
    """Return a route's handler, wrapped in the claim of a request to its key: answered before, it is not run again."""

    async def handle_once(request: Request) -> Response:
        claim = await find_claim(request)
        if claim is None:
            return await handle(request)
        request.state.claim = claim
        try:
            response = await handle(request)
        except AlreadyAnswered as answered:
            return answered.response
        await run_in_threadpool(claim.store, response)
        return response

    return handle_once


async def claim_of(request: Request) -> Claim | None:
    """Return the claim of a request with a key, else ``None``; raise ``Invalid`` (422) for a malformed key."""
    keys = request.headers.getlist(HEADER)
    if not keys:
        return None
    if len(keys) > 1 or not KEY_PATTERN.fullmatch(keys[0]):
        raise Invalid("idempotency_key", Reason("idempotency_key", {"maximum": LONGEST_KEY}, HEADER))
    try:
        body = await request.body()
    except ClientDisconnect:  # the handler gets the same error when it reads the body
        return None
    return Claim(keys[0], digest_of(request, body), keyring_of(request))


def digest_of(request: Request, body: bytes) -> str:
    """Return the digest of a request: its method, address and body, without a form's boundary, new at each sending."""
    media, options = parse_options_header(request.headers.get("content-type"))
    if boundary := options.get(b"boundary"):
        body = body.replace(b"--" + boundary, b"--")
    target = (request.method, request.scope["path"], request.scope["query_string"].decode("latin-1"))
    canonical = json.dumps([*target, media.decode("latin-1"), hashlib.sha256(body).hexdigest()])
    return hashlib.sha256(canonical.encode()).hexdigest()
