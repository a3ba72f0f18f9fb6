"""``make docs``: pages that are written from the code; ``tests/test_docs.py`` holds them to it."""

from collections.abc import Iterable
from typing import Any

import typer.main

from app.cli import app
from app.platform.audit.data_register import Retention, Sensitivity, register
from app.platform.config import Settings
from app.platform.database import rights
from app.platform.locations import ROOT
from app.platform.security import duties
from app.platform.security.permissions import EVERYONE, GRANTS, Permission, Role
from docs import row_security

HEAD = "<!-- Written from the code by `make docs`: do not edit. -->\n\n"


def permissions() -> str:
    """Who may do what, and how far it reaches."""
    lines = [
        "# Permissions\n",
        "Each route names exactly one permission; a role holds it with a reach: *self*, own *group*, own",
        "*cohort*, own *college*, a *project*'s aggregates, or the whole *platform*. An empty cell is a refusal.\n",
        "| permission | anyone signed in | " + " | ".join(role.value for role in Role) + " |",
        "|---|---|" + "---|" * len(Role),
    ]
    for permission in Permission:
        cells = [GRANTS[role].get(permission) for role in Role]
        base = EVERYONE.get(permission)
        shown = " | ".join(c.value if c else "" for c in cells)
        lines.append(f"| `{permission.value}` | {base.value if base else ''} | {shown} |")
    return HEAD + "\n".join([*lines, "", *_duties()]) + "\n"


def _duties() -> list[str]:
    """What nobody does to themselves, and which roles each role gives."""
    return [
        "## On oneself\n",
        "Whoever holds a permission of the first list does not use it on their own case (403 `own_case`), in whatever",
        "part of a request their record is named. Where a college has one person for all its roles, another person",
        "acts: the administrator gives the role, in this college, to someone of another or of the lead college.\n",
        "- never on oneself: " + _named(duties.NOT_ON_ONESELF),
        "- on one's own case, that is what it is for: " + _named(duties.ON_ONESELF),
        "- about no person: " + _named(duties.ABOUT_THINGS),
        "\n## Decisions that take two people\n",
        "What the first person recorded or proposed counts once a second one, with this permission, confirms it (403",
        "`second_person_needed` for the first).\n",
        *(f"- {decision.value}: `{permission.value}`" for decision, permission in duties.SECOND_PERSON.items()),
        "\n## Roles that each role gives\n",
        "Never to oneself (403 `grants_oneself`), never one's own or a higher one (403 `role_above_yours`). No route",
        "gives the role of administrator.\n",
        *(f"- {role.value}: {', '.join(sorted(given))}" for role, given in duties.GRANTABLE.items()),
    ]


def _named(permissions: Iterable[Permission]) -> str:
    return ", ".join(f"`{permission.value}`" for permission in sorted(permissions))


def settings() -> str:
    """Every setting, its default and what it means."""
    lines = ["# Settings\n", "| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        default = str(field.get_default(call_default_factory=True)).replace(str(ROOT), ".")
        lines.append(f"| `ESCOUADE_{name.upper()}` | `{default}` | {field.description} |")
    lines.append(
        "\nLimits on failed tries are not settings: [rate limits](add-a-feature.md#add-or-change-a-rate-limit)."
    )
    return HEAD + "\n".join(lines) + "\n"


def commands() -> str:
    """Every command with its options, as its own help says them."""
    lines = ["# The command `escouade`\n"]
    root = typer.main.get_command(app)

    def describe(command: Any, name: str) -> None:  # noqa: ANN401 - Typer keeps the types of its commands to itself
        lines.append(f"## `{name}`\n\n{(command.help or '').strip()}\n")
        for option in command.params:
            text = getattr(option, "help", None)
            if text:
                label = ", ".join(option.opts) if option.param_type_name == "option" else str(option.name).upper()
                lines.append(f"- `{label}` : {text}")
        if lines[-1].startswith("- "):
            lines.append("")
        if hasattr(command, "list_commands"):
            context = command.make_context(name, [], resilient_parsing=True)
            for child in command.list_commands(context):
                describe(command.get_command(context, child), f"{name} {child}")

    describe(root, "escouade")
    return HEAD + "\n".join(lines)


KEPT = {"hours": "heures", "days": "jours", "years": "ans"}
KINDS = {
    Sensitivity.NONE: "rien d’une personne",
    Sensitivity.PERSONAL: "**personnel**",
    Sensitivity.CONFIDENTIAL: "**confidentiel**",
}


def privacy() -> str:
    """What is known of people, why and how long; in French, for those who answer for it in the colleges."""
    found = register()
    lines = [
        "# Renseignements personnels\n",
        "Ce que le service sait des personnes, pourquoi, et combien de temps. Ces pages viennent de",
        "`data_register.toml` (dans `app/platform/audit`), que les tests comparent à chaque colonne de la base; elles",
        "servent à l’évaluation des facteurs relatifs à la vie privée (Loi sur l’accès, A-2.1, art. 63.5). Les durées",
        "sont proposées : le calendrier de conservation du collège décide (art. 73).\n",
        "- *rien d’une personne* : identifiants de lignes, codes, moments qui ne sont ceux de personne;",
        "- *personnel* : concerne une personne, seul ou par la ligne où il se trouve; vu par qui en a besoin",
        "  pour son rôle;",
        "- *confidentiel* : nuirait s’il sortait de ce cercle : secrets, même scellés ou hachés, preuves, motifs,",
        "  entreprises.\n",
        "## Durées\n",
        "| durée | à partir de | pourquoi | qui détruit |",
        "|---|---|---|---|",
    ]
    for name, rule in found.retention.items():
        who = "le service" if rule.applied_by == "service" else "le collège (aucune tâche ne le fait encore)"
        who = "personne" if rule.permanent else who
        lines.append(f'| <a id="{name}"></a>{kept(rule)} | {rule.after} | {rule.reason} | {who} |')
    for table, entry in found.tables.items():
        duration = f"[{kept(found.retention[entry.retention])}](#{entry.retention})"
        lines.append(f"\n## `{table}`\n\n{entry.purpose} Durée : {duration}.\n")
        for kind in Sensitivity:
            named = [f"`{column}`" for own, column in entry.columns() if own is kind]
            if named:
                lines.append(f"- {KINDS[kind]} : {', '.join(named)}")
        lines.extend(f"- `{column}` : {why}" for column, why in entry.why.items())
    lines.append("\n## Hors des tables\n")
    for place in found.elsewhere:
        lines.append(f"- {place.what} {place.purpose} ({KINDS[place.sensitivity]}; [durée](#{place.retention}))")
    return HEAD + "\n".join(lines) + "\n"


def kept(rule: Retention) -> str:
    """How long, in words."""
    if rule.permanent:
        return "toujours"
    unit, number = next((unit, number) for unit in KEPT if (number := getattr(rule, unit)) is not None)
    return f"{number} {KEPT[unit] if number > 1 else KEPT[unit][:-1]}"


PAGES = {
    "permissions.md": permissions,
    "settings.md": settings,
    "commands.md": commands,
    "privacy.md": privacy,
}


def main() -> None:
    """Write them all."""
    for name, page in PAGES.items():
        (ROOT / "docs" / name).write_text(page(), encoding="utf-8")
    with row_security.migrated_database() as connection:
        written = HEAD + row_security.page(connection)
        rights.FILE.write_text(rights.page(connection), encoding="utf-8")
    (ROOT / "docs" / "row-security.md").write_text(written, encoding="utf-8")


if __name__ == "__main__":
    main()
