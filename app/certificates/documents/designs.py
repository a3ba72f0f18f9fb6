"""The designs of documents: folders of ``certificates/``, each with its declaration, template, style and pictures."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.platform.documents.pdf import DESIGNS

DEFAULT = "escouade"


def design_for(curriculum_slug: str) -> str:
    """Return the design of a path's documents: the one that lists the path, else the default."""
    folders = (file.parent for file in sorted(DESIGNS.glob("*/design.yaml")))
    return next((f.name for f in folders if curriculum_slug in design_declaration(f).get("paths", ())), DEFAULT)


def design_version(name: str = DEFAULT) -> str:
    """Return a design's name and version as records store them: ``escouade/1.1``."""
    return f"{name}/{design_declaration(DESIGNS / name)['version']}"


def design_folder(design: str) -> Path:
    """Return the folder of a design, from its name or its name and version."""
    return DESIGNS / design.split("/", 1)[0]


@cache
def design_declaration(folder: Path) -> dict[str, Any]:
    """Return the content of a design's ``design.yaml``."""
    declaration: dict[str, Any] = yaml.safe_load((folder / "design.yaml").read_text(encoding="utf-8"))
    return declaration
