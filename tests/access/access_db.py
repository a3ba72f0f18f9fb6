"""The ground of the matrix: a template with every record, a copy that is renewed once it was written to."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyotp
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from pypdf import PdfReader
from sqlalchemy import text
from starlette.datastructures import State

from app.deployment import open_database
from app.platform.config import Settings
from app.platform.security.permissions import Permission
from tests.access.actors import ACTORS, Place
from tests.access.filling import request_of
from tests.access.payloads import PROPOSED, V1
from tests.access.records import build
from tests.conftest import SITE, _drop, _named, _run
from tests.factories.network import World, api_token, pending_token, token

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LOGS = frozenset({"attempt", "alembic_version"})
"""Tables that a refusal may write to: how often someone tried, and those of the audit record."""

PROOFS = frozenset({"sign_in", "api_token"})
"""Tables whose rows remember when they last served: what counts is which of them still serve."""

VIEWS = frozenset({"view_log"})
"""What a view that was allowed writes to."""

FORMERLY = "update certificate set record = jsonb_set(record, '{holder}', to_jsonb(concat(record ->> 'holder', ' X')))"
"""Every holder had another name when theirs was issued."""

WRITERS = "coalesce(sum(xmin::text::bigint), 0)"
SERVING = "count(*) filter (where ended_at is null)"

MISSING = 987654321
NO_CODE = "0" * 32


def routes(site: FastAPI) -> list[str]:
    """``METHOD path`` of everything that answers, static files and the API's description included."""
    found: list[str] = []
    for context in iter_route_contexts(site.routes):
        methods = sorted(set(context.methods or {"GET"}) - {"HEAD"})
        found.extend(f"{method} {context.path}" for method in methods)
    return found


@dataclass
class Template:
    """A database with all records, the files handed in, and a token for each actor."""

    server: str
    name: str
    places: dict[str, Place]
    tokens: dict[str, str]
    files: Path


@contextmanager
def prepared(server: str, base: tuple[str, World], files: Path) -> Iterator[Template]:
    """The template, made once; dropped at the end."""
    name = f"{base[0]}_access"
    _run(server, f"create database {name} template {base[0]} strategy wal_log")
    database = open_database(_named(server, name))
    try:
        world = deepcopy(base[1])
        places = build(database, world, files)
        tokens = {actor: token(database, world, who) for actor, who in ACTORS.items() if who is not None}
        tokens["pending"] = pending_token(database, world, "pending")
        tokens["token"] = api_token(database, world, "coordinator", Permission.COHORT_READ)
        with database.engine.begin() as connection:  # everyone has a second factor, proven in the sign-ins above
            connection.exec_driver_sql("update account set totp_confirmed_at = now()")
            # Their holders have changed their name since: there is something to correct.
            connection.exec_driver_sql(FORMERLY)
        database.dispose()
        yield Template(server, name, places, tokens, files)
    finally:
        database.dispose()
        _drop(server, name)


class Ground:
    """One copy of the template under the application; ``renew`` after a call that wrote."""

    def __init__(self, template: Template, site: FastAPI) -> None:
        self.template, self.site = template, site
        self.settings = Settings(data_dir=template.files, base_url=SITE)
        self.places = template.places
        self.name = f"{template.name}_copy"
        self.database = open_database(_named(template.server, self.name))
        self.before: dict[str, Any] = {}
        self.client = TestClient(site, follow_redirects=False)

    def renew(self) -> None:
        """A fresh copy."""
        self.leave()
        _run(self.template.server, f"create database {self.name} template {self.template.name} strategy wal_log")
        self.serve()
        self.before = self.content()

    def serve(self) -> None:
        """Put the application over this copy: other tests put it over theirs."""
        known = self.site.state._state
        self.site.state = State({**known, "settings": self.settings, "database": self.database})

    def leave(self) -> None:
        """Drop the copy; the engine keeps the statements it has compiled."""
        self.database.dispose()
        _drop(self.template.server, self.name)

    def call(self, actor: str, row: str, ids: Any, **changes: Any) -> Response:
        """What a row answers an actor."""
        given = ids.ids if isinstance(ids, Place) else ids
        secret = self.template.tokens.get(actor)
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        if row in PROPOSED:
            given = {**given, **self._proposed(headers)}
        return self.client.request(**{**request_of(row, given), **changes}, headers=headers)

    def _proposed(self, headers: dict[str, str]) -> dict[str, str]:
        """A second factor proposed to someone, with its first code: nothing is kept before it is proven."""
        answer = self.client.post(f"{V1}/me/second-factor/proposals", headers=headers)
        if answer.status_code != 201:
            return {"proposal": "rien", "first_code": "000000"}
        return {"proposal": answer.json()["proposal"], "first_code": pyotp.TOTP(answer.json()["secret"]).now()}

    def content(self) -> dict[str, Any]:
        """Rows and the sum of what wrote them, by table: any write changes it."""
        with self.database.engine.connect() as connection:
            names = connection.execute(text("select tablename from pg_tables where schemaname = 'public'")).scalars()
            parts = " union all ".join(
                f"select '{n}', count(*), {SERVING if n in PROOFS else WRITERS} from {n}"  # noqa: S608 - our own tables
                for n in sorted(names)
                if n not in LOGS and not n.startswith("audit")
            )
            return {row[0]: tuple(row[1:]) for row in connection.execute(text(parts))}

    def settle(self) -> None:
        """As the template has it, but for what was viewed since."""
        changed = frozenset(self.written())
        if changed - VIEWS:
            self.renew()
        elif changed:
            self.before = self.content()

    def forget_tries(self) -> None:
        """As if nobody had tried a wrong code from this address: each cell is a first try."""
        with self.database.engine.begin() as connection:
            connection.execute(text("delete from attempt"))

    def written(self) -> list[str]:
        """Tables that are no longer as they were in the template."""
        after = self.content()
        return sorted(n for n in after if after[n] != self.before[n])


def words_of(answer: Response) -> str:
    """All that an answer says: its headers and its body, a spreadsheet and a document opened."""
    said = " ".join(f"{k}: {v}" for k, v in answer.headers.items())
    body = answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return said + " ".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if body.startswith(b"%PDF") and b"/Catalog" in body:
        return said + " ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    return said + body.decode("utf-8", "replace")
