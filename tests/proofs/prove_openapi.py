"""Two linters find no fault in the API's description, and the clients generated from it do a participant's work."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.platform.database.transaction import Database
from tests.e2e.live_site import LiveSite
from tests.factories.network import PASSWORD, World
from tests.proofs import tools

COMPILER = ("--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022")
LINTER_RULES = 'extends: ["spectral:oas"]\n'


@pytest.fixture(scope="module")
def site() -> Iterator[LiveSite]:
    """The application at an address of this machine."""
    found = LiveSite()
    yield found
    found.stop()


@pytest.fixture
def description(site: LiveSite, tmp_path: Path) -> Path:
    """The API's description, as it is published."""
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(site.description()), encoding="utf-8")
    return file


def media_types(description: Path) -> set[str]:
    """Return the media types of the files that the API answers with."""
    operations = (o for path in json.loads(description.read_text("utf-8"))["paths"].values() for o in path.values())
    contents = (r.get("content", {}) for operation in operations for r in operation["responses"].values())
    return {media for content in contents for media in content if "json" not in media}


def test_spectral_and_redocly_find_no_fault(description: Path, tmp_path: Path) -> None:
    rules = tmp_path / ".spectral.yaml"
    rules.write_text(LINTER_RULES, encoding="utf-8")
    spectral = tools.node("@stoplight/spectral-cli/dist/index.js", "lint", str(description), "--ruleset", str(rules))
    assert "No results with a severity of 'error' found!" in spectral
    assert "warning" not in spectral
    redocly = tools.node("@redocly/cli/bin/cli.js", "lint", "--format=json", str(description))
    report = json.loads(redocly[redocly.index("{") :])
    assert report["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}


def test_linters_find_a_fault(description: Path, tmp_path: Path) -> None:
    document = json.loads(description.read_text("utf-8"))
    del document["paths"]["/api/v1/me"]["get"]["responses"]["200"]
    document["paths"]["/api/v1/regions"]["get"]["operationId"] = document["paths"]["/api/v1/me"]["get"]["operationId"]
    description.write_text(json.dumps(document), encoding="utf-8")
    rules = tmp_path / ".spectral.yaml"
    rules.write_text(LINTER_RULES, encoding="utf-8")
    lint = ("lint", str(description))
    with pytest.raises(RuntimeError, match="operation-operationId-unique"):
        tools.node("@stoplight/spectral-cli/dist/index.js", *lint, "--ruleset", str(rules))
    with pytest.raises(RuntimeError, match="operation-operationId-unique"):
        tools.node("@redocly/cli/bin/cli.js", *lint)


def job(site: LiveSite, world: World, **more: str) -> dict[str, object]:
    """Return a job for a client: a participant signs in with their password."""
    email = {"email": world.emails["maude"], "password": PASSWORD}
    return {"url": site.url, "enrolment": world.enrolments["maude"], **email, **more}


def test_python_client_signs_in_reads_and_writes(
    site: LiveSite, description: Path, database: Database, world: World, tmp_path: Path
) -> None:
    site.attach(database, tmp_path)
    options = tmp_path / "options.json"
    overrides = dict.fromkeys(media_types(description), "application/octet-stream")
    options.write_text(json.dumps({"content_type_overrides": overrides, "post_hooks": []}), encoding="utf-8")
    said = tools.python(
        "-m", "openapi_python_client", "generate", "--path", str(description), "--meta", "none", "--overwrite",
        "--output-path", str(tmp_path / "generated"), "--config", str(options), "--fail-on-warning",
    )  # fmt: skip
    assert "WARNING" not in said
    operations = json.loads(description.read_text("utf-8"))["paths"].values()
    modules = [file for file in (tmp_path / "generated" / "api").rglob("*.py") if file.name != "__init__.py"]
    assert len(modules) == sum(len(methods) for methods in operations), "an operation is missing from the client"
    [report] = tools.python_client(job(site, world, client=str(tmp_path)))
    assert report == {
        "refused": True,
        "name": "Maude Bérubé",
        "done": ["GEN-1.A"],
        "file": "%PDF-1.7 étude",
    }


def test_typescript_client_signs_in_reads_and_writes(
    site: LiveSite, description: Path, database: Database, world: World, tmp_path: Path
) -> None:
    site.attach(database, tmp_path)
    folder = tools.FOLDER / "node_modules" / ".typescript-client"
    folder.mkdir(exist_ok=True)
    schema, script = folder / "schema.mts", folder / "typescript_client.mts"
    tools.node("openapi-typescript/bin/cli.js", str(description), "--output", str(schema))
    script.write_bytes((tools.FOLDER / "typescript_client.mts").read_bytes())
    tools.node(
        "typescript/bin/tsc", "--strict", "--skipLibCheck", "--module", "nodenext", "--target", "es2022", str(script)
    )
    printed = tools.node("./" + str(script.with_suffix(".mjs").relative_to(tools.FOLDER)), json.dumps(job(site, world)))
    assert json.loads(printed) == {
        "refused": "wrong_sign_in",
        "name": "Maude Bérubé",
        "written": 201,
        "done": ["GEN-1.A"],
    }
