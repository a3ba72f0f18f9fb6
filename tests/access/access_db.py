"""The database of the access tests: a template with every record, and a copy that is recreated after a write."""

import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pyotp
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from httpx2 import Response
from pypdf import PdfReader
from starlette.datastructures import State

from app.platform.config import Settings
from app.platform.messages.i18n import t
from app.platform.security.permissions import Permission
from tests.access.actors import ACTORS, Place
from tests.access.filling import request_of
from tests.access.payloads import PROPOSED, V1
from tests.access.records import build
from tests.conftest import SITE
from tests.database_copy import DatabaseCopy, drop_database
from tests.factories.network import World, api_token, pending_token, token
from tests.server import copy_database, opened, with_database

UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LOGS = frozenset({"attempt", "alembic_version"})
"""Tables that a refusal may write to, besides those of the audit record."""

PROOFS = frozenset({"sign_in", "api_token"})
"""Tables whose rows are dated at each use: only which of them are still valid is compared."""

VIEWS = frozenset({"view_log"})
"""Tables that an allowed access writes to, and a refused form whose page is shown again."""

REFUSED = '<div class="problem" role="alert"'
"""What a page shows of a form that was refused."""

FORMERLY = "update certificate set record = jsonb_set(record, '{holder}', to_jsonb(concat(record ->> 'holder', ' X')))"
"""Gives the holder of each certificate another name than the person has now."""

SERVING = "count(*) filter (where ended_at is null)"

MISSING = 987654321
NO_CODE = "0" * 32


def routes(site: FastAPI) -> list[str]:
    """Return ``METHOD path`` of every route, static files and the API's description included."""
    names: list[str] = []
    for context in iter_route_contexts(site.routes):
        methods = sorted(set(context.methods or {"GET"}) - {"HEAD"})
        names.extend(f"{method} {context.path}" for method in methods)
    return names


@dataclass
class Template:
    """The template database with all records, its stored files, and a token for each actor."""

    server: str
    name: str
    places: dict[str, Place]
    people: dict[str, int]
    tokens: dict[str, str]
    files: Path


@contextmanager
def prepared(server: str, base: tuple[str, World], files: Path) -> Iterator[Template]:
    """Yield the template, which is dropped at the end."""
    name = f"{base[0]}_access"
    copy_database(server, name, base[0])
    database = opened(with_database(server, name))
    try:
        world = deepcopy(base[1])
        places = build(database, world, files)
        tokens = {actor: token(database, world, who) for actor, who in ACTORS.items() if who is not None}
        tokens |= {f"self {part}": token(database, world, who) for part, who in places["alma"].parts.items()}
        tokens["pending"] = pending_token(database, world, "pending")
        tokens["token"] = api_token(database, world, "coordinator", Permission.COHORT_READ)
        with database.engine.begin() as connection:  # everyone has a second factor, proven in the sign-ins above
            connection.exec_driver_sql("update account set totp_confirmed_at = now()")
            # The holders have changed their name since, so that there is something to correct.
            connection.exec_driver_sql(FORMERLY)
        database.dispose()
        yield Template(server, name, places, world.people, tokens, files)
    finally:
        database.dispose()
        drop_database(server, name)


HEADERS = {"X-Request-ID": "request-of-a-test"}
"""One id for all requests, so that two answers that should be equal are."""


class AccessDatabase:
    """A copy of the template under the application; ``recreate`` it after a call that wrote.

    Another process over the same template needs a ``name`` of its own: a copy replaces the one of its name.
    """

    def __init__(self, template: Template, site: FastAPI, name: str = "copy") -> None:
        self.template, self.site = template, site
        self.settings = Settings(data_dir=template.files, base_url=SITE, security_contact="mailto:securite@example.com")
        self.places = template.places
        self.copy = DatabaseCopy(template.server, template.name, name)
        self.database = self.copy.open(audit=False)
        self.before = self.table_states()
        self.client = TestClient(site, follow_redirects=False, headers=HEADERS)

    def recreate(self) -> None:
        """Make the copy equal to the template again."""
        self.copy.put_back()
        self.before = self.table_states()

    def attach(self) -> None:
        """Point the application at this copy: other tests point it at their own database."""
        current = self.site.state._state
        self.site.state = State({**current, "settings": self.settings, "database": self.database})

    def drop(self) -> None:
        """Drop the copy."""
        self.copy.close()

    def call(self, actor: str, row: str, ids: Any, **changes: Any) -> Response:
        """Call the route of a row as an actor, with the ids of a place; ``changes`` replace parts of the request."""
        values = ids.ids if isinstance(ids, Place) else ids
        secret = self.template.tokens.get(actor)
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        if row in PROPOSED:
            values = {**values, **self._proposed(headers)}
        request = {**request_of(row, values), **changes}
        return self.client.request(**{**request, "headers": {**request.get("headers", {}), **headers}})

    def person(self, part: str) -> int:
        """Return the id of the person of a part in the actors' own cohort."""
        return self.template.people[self.places["alma"].parts[part]]

    def _proposed(self, headers: dict[str, str]) -> dict[str, str]:
        """Return a second factor proposed to the actor, with its first code; it is not stored until confirmed."""
        answer = self.client.post(f"{V1}/me/second-factor/proposals", headers=headers)
        if answer.status_code != 201:
            return {"proposal": "rien", "first_code": "000000"}
        return {"proposal": answer.json()["proposal"], "first_code": pyotp.TOTP(answer.json()["secret"]).now()}

    def table_states(self) -> dict[str, tuple[int, int]]:
        """Return, by table, the number of rows and the sum of their transaction ids, which any write changes."""
        tables = {name.removeprefix("public."): counts for name, counts in self.copy.state().tables.items()}
        proofs = " union all ".join(f"select '{n}', {SERVING} from {n}" for n in sorted(PROOFS))  # noqa: S608 - ours
        serving: dict[str, int] = dict(self.copy.connection.execute(proofs.encode(), prepare=True).fetchall())
        return {
            name: (counts[0], serving[name]) if name in PROOFS else counts
            for name, counts in tables.items()
            if name not in LOGS and not name.startswith("audit")
        }

    def reset(self) -> None:
        """Restore the template's state: what a former row logged would be read in one's own accesses."""
        changed = frozenset(self.changed_tables())
        if changed - VIEWS:
            self.recreate()
        elif changed:
            self.copy.connection.execute("delete from view_log")
            self.before = self.table_states()

    def clear_attempts(self) -> None:
        """Delete failed attempts, so that each call is a first attempt from this address."""
        self.copy.connection.execute("delete from attempt", prepare=True)

    def views(self) -> int:
        """Return the number of logged accesses."""
        found = self.copy.connection.execute("select count(*) from view_log", prepare=True).fetchone()
        return int(found[0]) if found else 0

    def changed_tables(self) -> list[str]:
        """Return the tables that differ from the template."""
        after = self.table_states()
        return sorted(n for n in after if after[n] != self.before[n])


def shows_page_again(answer: Response) -> bool:
    """Return whether a refusal shows the page of its form again: that page's reader is logged, as when it is opened.

    The plain page that keeps what was typed, and the one of a problem without a form, show nobody's file.
    """
    is_page = answer.status_code >= HTTPStatus.BAD_REQUEST and answer.headers["content-type"].startswith("text/html")
    return is_page and REFUSED in answer.text and f"<h1>{t('core.form.kept.title')}</h1>" not in answer.text


def text_of(answer: Response) -> str:
    """Return all the text of a response: headers and body, with spreadsheets and documents extracted."""
    headers = " ".join(f"{k}: {v}" for k, v in answer.headers.items())
    body = answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as book:
            return headers + " ".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if body.startswith(b"%PDF") and b"/Catalog" in body:
        return headers + " ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)
    return headers + body.decode("utf-8", "replace")
