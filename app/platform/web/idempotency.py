"""``Idempotency-Key``: a creation sent twice is done once, and both senders read the same answer.

A route of :class:`OnceRoute` that creates (201) takes the header from whoever is signed in. The guard, once it
knows the person, hands the request's own transaction to the key's :class:`Claim`, which takes a lock that lasts
as long as the transaction; the answer is written in that same transaction, after it was put into bytes and
before it is committed. So effect and answer are kept together or not at all: a refusal, a crash or a lost
connection leaves the key free, and no state "in flight" can outlive its request.

Answers are sealed by the keyring: some hold what is shown once. They are kept for 24 hours at least, then swept.
"""

import hashlib
import json
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
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
from app.platform.security.keyring import Keyring, Use
from app.platform.web.deps import keyring_of

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST = 100
KEPT_HOURS = 24
KEPT_HEADERS = ("content-type", "etag", "location")
VISIBLE = re.compile(rf"[!-~]{{1,{LONGEST}}}")
_ALONE = text("select pg_try_advisory_xact_lock(hashtextextended(:key, 0))")


class IdempotentRequest(Row, table=True):
    """The answer that a creation under a key of its sender's was given, with a digest of what was asked."""

    __tablename__ = "idempotent_request"
    __table_args__ = (UniqueConstraint("person_id", "key"),)

    person_id: int = Field(foreign_key="person.id")
    key: str = Field(max_length=LONGEST)
    answer_sealed: str = Field(sa_type=Text)
    created_at: datetime = moment(index=True)


class Answered(Exception):
    """The request was answered before: here is what was said."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(response.status_code)


@dataclass
class Claim:
    """A request's hold on its key, from the moment that the guard knows who asks until its transaction ends."""

    key: str
    digest: str
    keyring: Keyring
    _held: tuple[Session, int] | None = field(default=None, init=False)

    def take(self, db: Session, actor: Actor) -> None:
        """Go on alone; :class:`Answered` when it is done already, 409 while another request is at it."""
        place = self._place(actor.person_id)
        if not db.execute(_ALONE, {"key": place}).scalar_one():
            raise Conflict("idempotency_in_flight", retry_after=1)
        mine = (IdempotentRequest.person_id == actor.person_id, IdempotentRequest.key == self.key)
        sealed = db.exec(select(IdempotentRequest.answer_sealed).where(*mine)).one_or_none()
        if sealed is not None:
            raise Answered(self._said(json.loads(self.keyring.decrypt(Use.ANSWER, sealed, bound=place))))
        self._held = db, actor.person_id

    def keep(self, response: Response) -> None:
        """Remember the answer, in the transaction of the effect."""
        if self._held is None or response.status_code >= HTTPStatus.BAD_REQUEST:
            return
        session, person_id = self._held
        said = {
            "digest": self.digest,
            "status": response.status_code,
            "headers": {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers},
            "body": bytes(response.body).decode(),
        }
        sealed = self.keyring.encrypt(Use.ANSWER, json.dumps(said), bound=self._place(person_id))
        row = {"person_id": person_id, "key": self.key, "answer_sealed": sealed, "created_at": now()}
        session.connection().execute(insert(IdempotentRequest).values(row))

    def _said(self, answer: dict[str, Any]) -> Response:
        if answer["digest"] != self.digest:
            raise Invalid("idempotency_mismatch", Reason("idempotency_mismatch", field=HEADER))
        return Response(answer["body"], answer["status"], {**answer["headers"], REPLAYED: "true"})

    def _place(self, person_id: int) -> str:
        return f"idempotency:{person_id}:{self.key}"


class OnceRoute(APIRoute):
    """A route of the API; when it creates, it takes an ``Idempotency-Key``."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler, which ends before the transaction does, within the key's claim."""
        handle = super().get_route_handler()
        if self.status_code != HTTPStatus.CREATED:
            return handle

        async def once(request: Request) -> Response:
            claim = await claim_of(request)
            if claim is None:
                return await handle(request)
            request.state.claim = claim
            try:
                response = await handle(request)
            except Answered as already:
                return already.response
            await run_in_threadpool(claim.keep, response)
            return response

        return once


async def claim_of(request: Request) -> Claim | None:
    """The claim that a request makes, if it makes one; refused (422) when its key is no key."""
    keys = request.headers.getlist(HEADER)
    if not keys:
        return None
    if len(keys) > 1 or not VISIBLE.fullmatch(keys[0]):
        raise Invalid("idempotency_key", Reason("idempotency_key", {"maximum": LONGEST}, HEADER))
    try:
        body = await request.body()
    except ClientDisconnect:  # the handler will say so when it reads
        return None
    return Claim(keys[0], digest_of(request, body), keyring_of(request))


def digest_of(request: Request, body: bytes) -> str:
    """What is asked: method, address and body; a form's boundary, new at each sending, says nothing."""
    media, options = parse_options_header(request.headers.get("content-type"))
    if boundary := options.get(b"boundary"):
        body = body.replace(b"--" + boundary, b"--")
    target = (request.method, request.scope["path"], request.scope["query_string"].decode("latin-1"))
    asked = json.dumps([*target, media.decode("latin-1"), hashlib.sha256(body).hexdigest()])
    return hashlib.sha256(asked.encode()).hexdigest()
