"""The JSON Schemas of curriculum files, for completion and help in editors: draft 7, with texts in French.

Editors support draft 7 best: no tuples of fixed length, no ``$ref`` beside other keys, ``definitions``. Help
texts come from the catalogue (``curricula.field.<Class>.<field>``), since curricula are written in French.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.curricula.mappings.schemas import MappingFile
from app.curricula.schemas import AdmissionRule, Curriculum, Framework, Frozen, Lexicon, Traces
from app.platform.messages.i18n import t

DIALECT = "http://json-schema.org/draft-07/schema#"
MODELS: Mapping[str, type[Frozen]] = {
    "curriculum.json": Curriculum,
    "framework.json": Framework,
    "traces.json": Traces,
    "admission.json": AdmissionRule,
    "lexicon.json": Lexicon,
    "mapping.json": MappingFile,
}
Node = dict[str, object]


def json_schemas(models: Mapping[str, type[Frozen]] = MODELS) -> dict[str, str]:
    """Return the text of each schema file, by file name."""
    return {name: _text(model) for name, model in models.items()}


def drifted(folder: Path, models: Mapping[str, type[Frozen]] = MODELS) -> tuple[str, ...]:
    """Return the names of the schema files that are missing or differ from what the models give."""
    files = {name: folder / name for name in models}
    return tuple(
        name
        for name, text in json_schemas(models).items()
        if not files[name].is_file() or files[name].read_text("utf-8") != text
    )


def write_schemas(folder: Path, models: Mapping[str, type[Frozen]] = MODELS) -> None:
    """Write the schema files."""
    folder.mkdir(exist_ok=True)
    for name, text in json_schemas(models).items():
        (folder / name).write_text(text, "utf-8", newline="\n")


def _text(model: type[Frozen]) -> str:
    schema = model.model_json_schema(ref_template="#/definitions/{model}")
    definitions = schema.pop("$defs", {})
    described = {name: _with_descriptions(name, node) for name, node in definitions.items()}
    whole = {"$schema": DIALECT, **_with_descriptions(model.__name__, schema), "definitions": described}
    if not described:
        del whole["definitions"]
    return json.dumps(_adapt(whole), ensure_ascii=False, indent=2) + "\n"


def _with_descriptions(name: str, node: Node) -> Node:
    """Return the schema of a class with its description and those of its fields."""
    result = {**node, "description": t(f"curricula.class.{name}")}
    properties = node.get("properties")
    if isinstance(properties, dict):
        result["properties"] = {
            field: {**value, "description": t(f"curricula.field.{name}.{field}")} for field, value in properties.items()
        }
    return result


def _adapt(node: Any) -> Any:  # noqa: ANN401  any JSON value
    """Return a JSON value adapted to draft 7 editors, recursively.

    Generated titles and nulls go, ``$ref`` stands alone, mappings accept the keys of their pattern only.
    """
    if isinstance(node, list):
        return [_adapt(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _adapt(value) for key, value in node.items() if not _is_redundant(key, value)}
    options = [option for option in result.get("anyOf", ()) if option != {"type": "null"}]
    if options:
        del result["anyOf"]
        result = {**options[0], **result}
    if "$ref" in result and len(result) > 1:
        result["allOf"] = [{"$ref": result.pop("$ref")}]
    if "patternProperties" in result:
        result["additionalProperties"] = False
    return result


def _is_redundant(key: str, value: object) -> bool:
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)
