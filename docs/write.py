"""``make docs``: pages that are written from the code; ``tests/test_docs.py`` holds them to it."""

import click
import typer.main

from app.access import EVERYONE, GRANTS, Permission, Role
from app.cli import app
from app.config import ROOT, Settings

HEAD = "<!-- Written from the code by `make docs`: do not edit. -->\n\n"


def permissions() -> str:
    """Who may do what, and how far it reaches."""
    lines = [
        "# Permissions\n",
        "Each route names exactly one permission; a role holds it at a distance: *self*, own *group*, own",
        "*cohort*, own *college*, a *project*'s aggregates, or the whole *platform*. An empty cell is a refusal.\n",
        "| permission | anyone signed in | " + " | ".join(role.value for role in Role) + " |",
        "|---|---|" + "---|" * len(Role),
    ]
    for permission in Permission:
        cells = [GRANTS[role].get(permission) for role in Role]
        base = EVERYONE.get(permission)
        shown = " | ".join(c.value if c else "" for c in cells)
        lines.append(f"| `{permission.value}` | {base.value if base else ''} | {shown} |")
    return HEAD + "\n".join(lines) + "\n"


def settings() -> str:
    """Every setting, its default and what it means."""
    lines = ["# Settings\n", "| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = str(field.default).replace(str(ROOT), ".")
        lines.append(f"| `ESCOUADE_{name.upper()}` | `{default}` | {field.description} |")
    return HEAD + "\n".join(lines) + "\n"


def commands() -> str:
    """Every command with its options, as its own help says them."""
    lines = ["# The command `escouade`\n"]
    root = typer.main.get_command(app)

    def tell(command: click.Command, name: str) -> None:
        lines.append(f"## `{name}`\n\n{(command.help or '').strip()}\n")
        for option in command.params:
            text = getattr(option, "help", None)
            if text:
                label = ", ".join(option.opts) if option.param_type_name == "option" else str(option.name).upper()
                lines.append(f"- `{label}` : {text}")
        if lines[-1].startswith("- "):
            lines.append("")
        for child, inner in getattr(command, "commands", {}).items():
            tell(inner, f"{name} {child}")

    tell(root, "escouade")
    return HEAD + "\n".join(lines)


PAGES = {"permissions.md": permissions, "settings.md": settings, "commands.md": commands}


def main() -> None:
    """Write them all."""
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
