"""The vocabulary of the API: a description and an example for each name, and the examples composed of them.

One file says what each name means (``app/api_vocabulary.toml``); a schema, a parameter and an operation get their
descriptions and examples from it, so that a name is explained once and every example is whole.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

Node: TypeAlias = dict[str, Any]
REFERENCE = "#/components/schemas/"
LEAVES: Mapping[str, Any] = {"string": "texte", "integer": 1, "number": 1.5, "boolean": True, "null": None}
"""The example of a type, where the vocabulary has none."""


BINARY = {"type": "string", "format": "binary"}
"""The schema of a file, from which generated clients make a stream of bytes (OpenAPI 3.0's form, read by all)."""


def download(media: str, description: str) -> dict[int | str, dict[str, Any]]:
    """Return the ``responses`` of a route that answers with a file."""
    return {200: {"description": description, "content": {media: {"schema": BINARY}}}}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What each name means: ``(description, example)`` pairs, the example left out where it is composed."""

    tags: Mapping[str, str]
    parameters: Mapping[str, list[Any]]
    properties: Mapping[str, list[Any]]

    @classmethod
    def load(cls, file: Path) -> "Vocabulary":
        """Return the vocabulary of a file."""
        return cls(**tomllib.loads(file.read_text(encoding="utf-8")))

    def property(self, schema: str, name: str) -> list[Any]:
        """Return what a name means in a schema: its own entry, else the name's; empty when there is none."""
        return self.properties.get(f"{schema}.{name}") or self.properties.get(name) or []


def describe_schemas(schemas: Mapping[str, Node], vocabulary: Vocabulary) -> None:
    """Add its description to each property that has none, and the one form of a file to each file that is sent."""
    for schema, node in schemas.items():
        for name, described in node.get("properties", {}).items():
            for option in (described, *described.get("anyOf", ())):
                if option.pop("contentMediaType", None):
                    option.update(BINARY)
            if "description" not in described and (entry := vocabulary.property(schema, name)):
                described["description"] = entry[0]


def describe_parameters(operation: Node, schemas: Mapping[str, Node], vocabulary: Vocabulary) -> None:
    """Add to each parameter of an operation its description and its example."""
    for parameter in operation.get("parameters", ()):
        if entry := vocabulary.parameters.get(parameter.get("name", "")):
            parameter.setdefault("description", entry[0])
            parameter["example"] = Composer(schemas, vocabulary).example(parameter["schema"], entry)


def add_examples(operation: Node, schemas: Mapping[str, Node], vocabulary: Vocabulary) -> None:
    """Add an example to the JSON body of an operation's request and successful response."""
    bodies = [operation.get("requestBody", {}), *(r for s, r in operation["responses"].items() if s < "300")]
    for body in bodies:
        for media, content in body.get("content", {}).items():
            if "json" in media and "schema" in content:
                content["example"] = Composer(schemas, vocabulary).example(content["schema"])


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes examples of schemas: each of its properties has the example of its name."""

    schemas: Mapping[str, Node]
    vocabulary: Vocabulary

    def example(self, schema: Node, entry: list[Any] | None = None, owner: str = "") -> Any:  # noqa: ANN401 - JSON
        """Return an example of a schema; ``entry`` is what the vocabulary says of the property that has it."""
        target = schema.get("$ref", "").removeprefix(REFERENCE)
        if target:
            return self.example(self.schemas[target], entry, target)
        if "const" in schema or "enum" in schema:
            return _fitting(schema, entry[1] if entry and len(entry) > 1 else None)
        if options := schema.get("anyOf") or schema.get("oneOf"):
            return self.example(options[0], entry)  # the alternative that is null comes last
        if "properties" in schema:
            return {name: self._of_property(owner, name, node) for name, node in schema["properties"].items()}
        if entry and len(entry) > 1:
            several = schema.get("type") == "array" and not isinstance(entry[1], list)
            return [entry[1]] if several else _fitting(schema, entry[1])
        return self._composed(schema)

    def _of_property(self, owner: str, name: str, node: Node) -> Any:  # noqa: ANN401
        """Return an example of a property; an optional object is left out: it stands in place of another."""
        optional = "default" in node and node["default"] is None
        if optional and any("$ref" in option for option in node.get("anyOf", ())) and not self._is_enum(node):
            return None
        return self.example(node, self.vocabulary.property(owner, name))

    def _is_enum(self, node: Node) -> bool:
        targets = [option["$ref"].removeprefix(REFERENCE) for option in node["anyOf"] if "$ref" in option]
        return all("enum" in self.schemas[target] for target in targets)

    def _composed(self, schema: Node) -> Any:  # noqa: ANN401
        if schema.get("type") == "array":
            items = schema.get("prefixItems") or [schema.get("items", {})] * schema.get("minItems", 1)
            return [self.example(item) for item in items]
        if schema.get("type") == "object":
            values = schema.get("additionalProperties")
            return {"cle": self.example(values)} if isinstance(values, dict) else {}
        return LEAVES[schema.get("type", "string")]


def _fitting(schema: Node, example: Any) -> Any:  # noqa: ANN401
    """Return the example when the schema allows it, else the value that the schema names first."""
    if "const" in schema:
        return schema["const"]
    allowed = schema.get("enum")
    return example if allowed is None or example in allowed else allowed[0]


def missing_examples(schemas: Mapping[str, Node], vocabulary: Vocabulary) -> Iterator[str]:
    """Yield the properties of JSON bodies whose example is only that of their type."""
    for schema, node in schemas.items():
        for name, described in node.get("properties", {}).items():
            if _is_leaf(described) and len(vocabulary.property(schema, name)) < len(("description", "example")):
                yield f"{schema}.{name}"


def _is_leaf(schema: Node) -> bool:
    """Return whether an example of the schema is not composed of those of other names."""
    if options := schema.get("anyOf"):
        return _is_leaf(options[0])
    if schema.get("type") == "array":
        return _is_leaf(schema.get("items", {}))
    return (
        schema.get("type") in LEAVES
        and schema.get("format") != BINARY["format"]
        and not {"enum", "const"} & set(schema)
    )


def missing_descriptions(document: Node) -> Iterator[str]:
    """Yield what the description of an API lacks a description of: properties and parameters."""
    for schema, node in document["components"]["schemas"].items():
        yield from (f"{schema}.{n}" for n, d in node.get("properties", {}).items() if "description" not in d)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                if "$ref" not in parameter and "description" not in parameter:
                    yield f"{method.upper()} {path}: {parameter['name']}"
