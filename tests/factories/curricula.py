"""A small curriculum that breaks no rule, as data to bend in tests, and the folder that holds it."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

from app.curricula.schemas import Curriculum, Framework

Data = dict[str, Any]


def localized(text: str) -> Data:
    return {"fr": text, "en": f"{text} (en)"}


def competency(code: str) -> Data:
    return {
        "code": code,
        "title": localized(f"Compétence {code}"),
        "elements": [{"code": f"{code}.1", **localized("Élément")}],
        "criteria": [{"code": f"{code}.C{n}", **localized(f"Critère {n}")} for n in (1, 2)],
        "levels": [{"level": n, **localized(f"Niveau {n}")} for n in (1, 2, 3, 4)],
    }


FRAMEWORK: Data = {
    "code": "CN",
    "version": "1.0",
    "title": localized("Référentiel d'essai"),
    "scale": [{"level": n, "code": f"niveau-{n}", **localized(f"Niveau {n}")} for n in (1, 2, 3, 4)],
    "competencies": [competency("CN-01"), competency("CN-02")],
}


def activity(code: str, kind: str, mode: str, hours: int) -> Data:
    return {"code": code, "type": kind, "mode": mode, "hours": hours, "title": localized(f"Activité {code}")}


CURRICULUM: Data = {
    "slug": "essai",
    "code": "ESS",
    "version": "1.0",
    "title": localized("Parcours d'essai"),
    "object": localized("Essayer"),
    "audience": localized("Personne"),
    "admission": localized("Aucune condition"),
    "hours": 10,
    "weeks": 4,
    "framework": {"code": "CN", "version": "1.0"},
    "certificates": [
        {"kind": "attestation_participation", "min_attendance_pct": 80, "min_hours_pct": 80},
        {
            "kind": "attestation_reussite",
            "all_modules": True,
            "thresholds": {"CN-01": 2, "CN-02": 2},
            "mandates": {"min_completed": 1, "kind": "orientation"},
        },
    ],
    "modules": [
        {
            "code": "ESS-1",
            "title": localized("Module 1"),
            "hours": 4,
            "week": 2,
            "outcomes": [localized("Savoir")],
            "assesses": [{"competency": "CN-01", "target": 2}],
            "activities": [
                activity("ESS-1.A", "self_study", "async", 1),
                activity("ESS-1.B", "workshop", "hybrid", 2),
                activity("ESS-1.C", "assessment", "async", 1),
            ],
        },
        {
            "code": "ESS-2",
            "title": localized("Module 2"),
            "hours": 6,
            "week": 4,
            "prerequisites": ["ESS-1"],
            "outcomes": [localized("Faire")],
            "assesses": [{"competency": "CN-02", "target": 3}],
            "codev_quorum": {"min_sessions_attended": 1, "min_times_client": 1},
            "activities": [
                activity("ESS-2.A", "codev", "onsite", 3),
                activity("ESS-2.B", "codev", "online", 3),
            ],
        },
    ],
}


def framework_data() -> Data:
    return deepcopy(FRAMEWORK)


def curriculum_data() -> Data:
    return deepcopy(CURRICULUM)


def framework() -> Framework:
    return Framework.model_validate(FRAMEWORK)


def curriculum() -> Curriculum:
    return Curriculum.model_validate(CURRICULUM)


def page(code: str, minutes: int, criterion: str = "CN-01.C1") -> str:
    return f"""# Activité {code}

## Intention
Comprendre, dans {code}.

## Démarche
1. Lire.
2. Faire.

## À remettre
Rien.

## Critères
- **{criterion}** – se voit.

## Temps
- {minutes - 10} min – travail
- 10 min – retour
"""


def as_yaml(data: Data) -> str:
    """As people write it: no anchors, keys in their order."""
    return str(yaml.safe_dump(deepcopy(data), allow_unicode=True, sort_keys=False))


def write_folder(root: Path, data: Data | None = None) -> Path:
    """A whole folder that checks clean, unless ``data`` does not."""
    written = data or curriculum_data()
    version = root / written["slug"] / written["version"]
    version.mkdir(parents=True)
    (root / "referentiel").mkdir(exist_ok=True)
    (root / "referentiel/1.0.yaml").write_text(as_yaml(FRAMEWORK), "utf-8")
    version.with_name(f"{version.name}.yaml").write_text(as_yaml(written), "utf-8")
    for module in written["modules"]:
        criterion = f"{module['assesses'][0]['competency']}.C1"
        for item in module["activities"]:
            (version / f"{item['code']}.md").write_text(page(item["code"], item["hours"] * 60, criterion), "utf-8")
    return root
