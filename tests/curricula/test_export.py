"""The schemas of the editors: up to date, draft 7, in French, and as strict as the code."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from app.codev.protocols.library import MODELS as CODEV_MODELS
from app.curricula.files import strict_yaml
from app.curricula.files.folder import CODEV
from app.curricula.files.json_schema import MODELS, drifted, json_schemas, write_schemas
from app.curricula.library import DEFAULT_ROOT
from app.platform.messages.i18n import catalogue
from tests.factories import curricula as samples
from tests.factories.curricula import Data

FILES = [
    ("framework.json", "referentiel"),
    ("curriculum.json", "generaliste"),
    ("curriculum.json", "specialise"),
    ("lexicon.json", "lexique"),
    ("mapping.json", "correspondances"),
]
ALL_MODELS = {**MODELS, **CODEV_MODELS}


def schema(name: str) -> Any:
    return json.loads(json_schemas()[name])


def test_the_written_schemas_are_what_the_code_gives() -> None:
    assert drifted(DEFAULT_ROOT / "schema") == ()


@pytest.mark.parametrize(("name", "folder"), [("contract.json", "contrat"), ("protocol.json", "protocole")])
def test_the_real_files_of_codevelopment_are_valid_and_name_their_schema(name: str, folder: str) -> None:
    assert drifted(DEFAULT_ROOT / CODEV / "schema", CODEV_MODELS) == ()
    text = (DEFAULT_ROOT / CODEV / folder / "1.0.yaml").read_text("utf-8")
    assert text.splitlines()[0] == f"# yaml-language-server: $schema=../schema/{name}"
    whole = json.loads(json_schemas(CODEV_MODELS)[name])
    Draft7Validator.check_schema(whole)
    Draft7Validator(whole).validate(strict_yaml.parse(text, folder).data)


def test_drift_is_seen_and_written_away(tmp_path: Path) -> None:
    folder = tmp_path / "schema"
    assert drifted(folder) == tuple(MODELS)
    write_schemas(folder)
    assert drifted(folder) == ()
    (folder / "framework.json").write_text("{}", "utf-8")
    assert drifted(folder) == ("framework.json",)


@pytest.mark.parametrize(("name", "slug"), FILES)
def test_the_real_files_are_valid_and_name_their_schema(name: str, slug: str) -> None:
    text = next((DEFAULT_ROOT / slug).glob("*1.0.yaml")).read_text("utf-8")
    assert text.splitlines()[0] == f"# yaml-language-server: $schema=../schema/{name}"
    Draft7Validator.check_schema(schema(name))
    Draft7Validator(schema(name)).validate(strict_yaml.parse(text, slug).data)


@pytest.mark.parametrize("slug", ["generaliste", "specialise"])
def test_the_real_files_of_traces_are_valid_and_name_their_schema(slug: str) -> None:
    text = (DEFAULT_ROOT / slug / "1.0.traces.yaml").read_text("utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../schema/traces.json"
    Draft7Validator.check_schema(schema("traces.json"))
    Draft7Validator(schema("traces.json")).validate(strict_yaml.parse(text, slug).data)


def put(data: Data, path: tuple[str | int, ...], value: object) -> Data:
    target: Any = data
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("semaines",), 4),
        (("weeks",), "4"),
        (("weeks",), 0),
        (("version",), 1),
        (("version",), "un"),
        (("title",), "Titre"),
        (("title", "fr"), ""),
        (("certificates", 1, "kind"), "diplome"),
        (("certificates", 1, "mandates"), None),
        (("certificates", 1, "thresholds"), {"CN-01": 5}),
        (("certificates", 1, "thresholds"), {"un": 1}),
        (("modules",), []),
        (("modules", 0, "activities", 0, "mode"), "libre"),
        (("modules", 0, "activities", 0, "requires"), "ESS-1"),
    ],
)
def test_the_schema_refuses_what_the_code_refuses(path: tuple[str | int, ...], value: object) -> None:
    validator = Draft7Validator(schema("curriculum.json"))
    assert validator.is_valid(samples.CURRICULUM)
    assert not validator.is_valid(put(samples.curriculum_data(), path, value))


@pytest.mark.parametrize("name", sorted(ALL_MODELS))
def test_editors_understand_every_keyword(name: str) -> None:
    def walk(node: object) -> None:
        if isinstance(node, dict):
            assert not {"prefixItems", "$defs", "anyOf"} & node.keys()
            assert "$ref" not in node or len(node) == 1
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)

    walk(json.loads(json_schemas(ALL_MODELS)[name]))


def test_every_field_is_explained_in_french_and_nothing_else_is() -> None:
    used: set[str] = set()
    for name, model in ALL_MODELS.items():
        whole = json.loads(json_schemas(ALL_MODELS)[name])
        for cls, node in {model.__name__: whole, **whole.get("definitions", {})}.items():
            used |= {f"curricula.class.{cls}"}
            used |= {f"curricula.field.{cls}.{field}" for field in node.get("properties", {})}
    explained = {key for key in catalogue("fr") if key.startswith(("curricula.class.", "curricula.field."))}
    assert explained == used


def test_every_field_is_explained_to_developers() -> None:
    for model in ALL_MODELS.values():
        definitions = model.model_json_schema()
        for node in (definitions, *definitions.get("$defs", {}).values()):
            assert all(value.get("description") for value in node.get("properties", {}).values())


def test_the_real_file_of_admission_is_valid_and_names_its_schema() -> None:
    text = (DEFAULT_ROOT / "specialise/1.0.admission.yaml").read_text("utf-8")
    assert text.splitlines()[0] == "# yaml-language-server: $schema=../schema/admission.json"
    Draft7Validator.check_schema(schema("admission.json"))
    Draft7Validator(schema("admission.json")).validate(strict_yaml.parse(text, "specialise").data)
