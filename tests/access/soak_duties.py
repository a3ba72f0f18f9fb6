"""Takes each entry of the separation of duties away, one at a time, and sees that a call about oneself then passes.

Run by ``make soak``, not by ``make test``: a permission leaves ``NOT_ON_ONESELF``, in the guard and before the commit,
and some row of the column ``self`` must notice. A permission whose rows are all refused by other rules too is listed.
"""

import sys

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.platform.security import duties, guards, separation
from app.platform.security.guards import PermissionGuard
from app.platform.security.permissions import Permission
from tests.access.access_db import HEADERS, AccessDatabase
from tests.access.self_column import WRITES, self_faults
from tests.access.test_every_route_is_guarded import guarded_routes


@pytest.mark.timeout(0)
@pytest.mark.parametrize("permission", sorted(duties.NOT_ON_ONESELF))
def test_permission_taken_out_of_the_table_is_noticed(
    access_db: AccessDatabase, site: FastAPI, monkeypatch: pytest.MonkeyPatch, permission: Permission
) -> None:
    of_route = dict(guarded_routes(site))
    kept = duties.NOT_ON_ONESELF - {permission}
    monkeypatch.setattr(guards, "NOT_ON_ONESELF", kept)
    monkeypatch.setattr(separation, "NOT_ON_ONESELF", kept)
    faults = []
    with TestClient(access_db.site, headers=HEADERS, follow_redirects=False, raise_server_exceptions=False) as client:
        monkeypatch.setattr(access_db, "client", client)
        for row in WRITES:
            guard = of_route[row.split("#")[0]][0]
            if isinstance(guard, PermissionGuard) and guard.permission is permission:
                faults += list(self_faults(access_db, row))
    sys.stderr.write(f"{permission}: {len(faults)} rows notice\n")
    assert faults


@pytest.mark.parametrize("row", WRITES)
def test_rows_written_are_checked_without_the_guard(
    access_db: AccessDatabase, monkeypatch: pytest.MonkeyPatch, row: str
) -> None:
    """What is written is refused although no guard compares the actor with what the path names."""
    monkeypatch.setattr(guards, "refuse_own_case", lambda *_: None)
    status = next((fault for fault in self_faults(access_db, row)), "")
    assert not any(f"on oneself: {code} " in status for code in (200, 201, 204, 303)), status
