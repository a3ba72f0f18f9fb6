"""Pure rules that a curriculum, its framework and its activity pages must respect.

They take frozen values and yield findings. Sources: BR-02 (sums), BR-03 (prerequisites), BR-09
(codevelopment quorum), BR-22 (no level on a participation). The models of ``schemas`` check each field before.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import chain

from app.curricula.activity_page import CRITERIA, HEADINGS, STEPS, TIME, Outline
from app.curricula.enums import GROUP_MODES, ActivityType, Mode, TermDomain
from app.curricula.files.problems import Location
from app.curricula.schemas import (
    Activity,
    AdmissionRule,
    CertificateRule,
    Competency,
    Curriculum,
    Framework,
    Level,
    Lexicon,
    Module,
    Term,
    Traces,
)
from app.network.enums import CertificateKind
from app.platform.errors import Reason, Scalar

MODES: Mapping[ActivityType, frozenset[Mode]] = {
    ActivityType.self_study: frozenset({Mode.async_}),
    ActivityType.workshop: GROUP_MODES,
    ActivityType.codev: GROUP_MODES,
    ActivityType.field_mandate: frozenset({Mode.field}),
    ActivityType.assessment: GROUP_MODES | {Mode.async_},
}
"""The modes that each type of activity may have."""

TRACED = frozenset({ActivityType.self_study, ActivityType.workshop, ActivityType.field_mandate})
"""The types of activities that may take a trace: an assessment takes hand-ins, codevelopment leaves no text."""

JUDGED = frozenset({ActivityType.assessment, ActivityType.field_mandate, ActivityType.codev})
"""The types of activities that leave evidence to judge; presence alone proves no level (BR-12)."""


LEVELS = 4
"""How many levels a grid has for each criterion."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule, with the path of the value that breaks it."""

    reason: Reason
    path: Location


def finding(code: str, /, *path: str | int, **params: Scalar) -> Finding:
    """Return the finding of a broken rule at the path of its value."""
    return Finding(Reason(f"curricula.{code}", params), path)


def duplicates(codes: Sequence[str], *path: str | int, key: str | None = "code") -> Iterator[Finding]:
    """Yield a finding for each code that stands earlier in the list."""
    for index, code in enumerate(codes):
        if code in codes[:index]:
            yield finding("duplicate", *path, index, *([key] if key else []), code=code)


def _prefix(code: str, prefix: str, *path: str | int) -> Iterator[Finding]:
    if not code.startswith(prefix):
        yield finding("prefix", *path, "code", code=code, prefix=prefix)


# Framework --------------------------------------------------------------------------------------


def check_framework(framework: Framework) -> tuple[Finding, ...]:
    """Return the findings on a framework: unique codes that start with their parent's, levels 1 to 4 in order."""
    codes = [competency.code for competency in framework.competencies]
    return tuple(
        chain(
            _levels(framework.scale, "scale"),
            duplicates(codes, "competencies"),
            *(_check_competency(framework, index) for index in range(len(codes))),
        )
    )


def _levels(levels: Sequence[Level], *path: str | int) -> Iterator[Finding]:
    for index, level in enumerate(levels):
        if level.level != index + 1:
            yield finding("level_order", *path, index, "level", level=level.level, expected_level=index + 1)


def _check_competency(framework: Framework, index: int) -> Iterator[Finding]:
    competency, path = framework.competencies[index], ("competencies", index)
    yield from _prefix(competency.code, f"{framework.code}-", *path)
    yield from _levels(competency.levels, *path, "levels")
    elements, criteria = [e.code for e in competency.elements], [c.code for c in competency.criteria]
    for name, codes in (("elements", elements), ("criteria", criteria)):
        yield from duplicates(codes, *path, name)
        for position, code in enumerate(codes):
            yield from _prefix(code, f"{competency.code}.", *path, name, position)
    yield from _check_grid(competency, *path, "criteria")


def _check_grid(competency: Competency, *path: str | int) -> Iterator[Finding]:
    """Yield the findings on a criterion × level grid: all four levels of every criterion, or none of any."""
    for position, criterion in enumerate(competency.criteria):
        yield from _levels(criterion.levels, *path, position, "levels")
        if criterion.levels and len(criterion.levels) < LEVELS:
            yield finding("grid_levels", *path, position, "levels", criterion=criterion.code, n=LEVELS)
        if not criterion.levels and any(other.levels for other in competency.criteria):
            yield finding("grid_partial", *path, position, criterion=criterion.code, competency=competency.code)


# Curriculum -------------------------------------------------------------------------------------


def check_curriculum(curriculum: Curriculum, framework: Framework) -> tuple[Finding, ...]:
    """Return the findings on a curriculum; ``framework`` is the version that it names."""
    return tuple(
        chain(
            _check_sum(curriculum),
            _check_codes(curriculum),
            _check_graph(curriculum),
            *(_check_module(module, index, framework) for index, module in enumerate(curriculum.modules)),
            duplicates([rule.kind for rule in curriculum.certificates], "certificates", key="kind"),
            *(
                _check_certificate(rule, index, curriculum, framework)
                for index, rule in enumerate(curriculum.certificates)
            ),
        )
    )


def _check_sum(curriculum: Curriculum) -> Iterator[Finding]:
    total = sum(module.minutes for module in curriculum.modules)
    if total != curriculum.minutes:
        yield finding("sum_modules", "hours", planned_minutes=curriculum.minutes, total_minutes=total)


def _check_codes(curriculum: Curriculum) -> Iterator[Finding]:
    yield from duplicates([module.code for module in curriculum.modules], "modules")
    codes: set[str] = set()
    for m, module in enumerate(curriculum.modules):
        yield from _prefix(module.code, f"{curriculum.code}-", "modules", m)
        for a, activity in enumerate(module.activities):
            yield from _prefix(activity.code, f"{module.code}.", "modules", m, "activities", a)
            if activity.code in codes:
                yield finding("duplicate", "modules", m, "activities", a, "code", code=activity.code)
            codes.add(activity.code)


def _required_modules(module: Module) -> Iterator[tuple[str, Location]]:
    """Yield the modules to complete before this one or one of its activities, with the path of each code."""
    for index, code in enumerate(module.prerequisites):
        yield code, ("prerequisites", index)
    for position, activity in enumerate(module.activities):
        for index, code in enumerate(activity.requires):
            yield code, ("activities", position, "requires", index)


def _check_graph(curriculum: Curriculum) -> Iterator[Finding]:
    """Check that required modules exist, form no cycle and come in earlier weeks or the same one (BR-03)."""
    graph: dict[str, set[str]] = {}
    for m, module in enumerate(curriculum.modules):
        requirements = graph.setdefault(module.code, set())
        if module.week > curriculum.weeks:
            yield finding("week_too_late", "modules", m, "week", week=module.week, weeks=curriculum.weeks)
        for code, path in _required_modules(module):
            required = curriculum.modules_by_code.get(code)
            if required is None:
                yield finding("unknown_module", "modules", m, *path, code=code)
                continue
            requirements.add(code)
            if required.week > module.week:
                yield finding("week_order", "modules", m, "week", week=module.week, code=code, needed=required.week)
    yield from _check_cycle(curriculum, graph)


def _check_cycle(curriculum: Curriculum, graph: Mapping[str, Iterable[str]]) -> Iterator[Finding]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        cycle: list[str] = error.args[1]
        index = next(i for i, module in enumerate(curriculum.modules) if module.code == cycle[0])
        yield finding("cycle", "modules", index, "prerequisites", modules=" → ".join(cycle))


def _check_module(module: Module, index: int, framework: Framework) -> Iterator[Finding]:
    path = ("modules", index)
    total = sum(activity.minutes for activity in module.activities)
    if total != module.minutes:
        yield finding("sum_activities", *path, "hours", planned_minutes=module.minutes, total_minutes=total)
    yield from duplicates(module.prerequisites, *path, "prerequisites", key=None)
    yield from _check_targets(module, framework, *path)
    yield from _check_quorum(module, *path)
    for position, activity in enumerate(module.activities):
        yield from _check_activity(activity, *path, "activities", position)


def _check_targets(module: Module, framework: Framework, *path: str | int) -> Iterator[Finding]:
    yield from duplicates([target.competency for target in module.assesses], *path, "assesses", key="competency")
    for index, target in enumerate(module.assesses):
        if target.competency not in framework.by_code:
            yield finding("unknown_competency", *path, "assesses", index, "competency", code=target.competency)
    if module.assesses and not _is_judged(module):
        yield finding("unjudged", *path, "assesses", module=module.code)


def _is_judged(module: Module) -> bool:
    return any(activity.type in JUDGED and not activity.formative for activity in module.activities)


def _check_quorum(module: Module, *path: str | int) -> Iterator[Finding]:
    """Check that a codevelopment module has a quorum, and one that its sessions can reach (BR-09)."""
    sessions = sum(activity.type == ActivityType.codev for activity in module.activities)
    quorum = module.codev_quorum
    if quorum is None:
        if sessions:
            yield finding("codev_without_quorum", *path, module=module.code)
        return
    minimum = quorum.min_sessions_attended
    if minimum > sessions:
        yield finding("quorum_sessions", *path, "codev_quorum", "min_sessions_attended", wanted=minimum, n=sessions)
    if quorum.min_times_client > minimum:
        client = ("codev_quorum", "min_times_client")
        yield finding("quorum_client", *path, *client, wanted=quorum.min_times_client, n=minimum)


def _check_activity(activity: Activity, *path: str | int) -> Iterator[Finding]:
    if activity.mode not in MODES[activity.type]:
        yield finding("mode", *path, "mode", type=activity.type.value, mode=activity.mode.value)
    if activity.formative and activity.type != ActivityType.assessment:
        yield finding("formative", *path, "formative", code=activity.code)
    yield from duplicates(activity.requires, *path, "requires", key=None)


def _check_certificate(
    rule: CertificateRule, index: int, curriculum: Curriculum, framework: Framework
) -> Iterator[Finding]:
    path = ("certificates", index)
    participation = rule.kind == CertificateKind.attestation_participation
    if participation and rule.thresholds:
        yield finding("participation_thresholds", *path, "thresholds")
    if not participation and not rule.thresholds:
        yield finding("certification_thresholds", *path, kind=rule.kind.value)
    yield from _check_thresholds(rule, curriculum, framework, *path, "thresholds")
    mandates = rule.mandates
    if mandates and mandates.min_distinct_enterprises > mandates.min_completed:
        counts = {"wanted": mandates.min_distinct_enterprises, "n": mandates.min_completed}
        yield finding("mandate_enterprises", *path, "mandates", "min_distinct_enterprises", **counts)


def _check_thresholds(
    rule: CertificateRule, curriculum: Curriculum, framework: Framework, *path: str | int
) -> Iterator[Finding]:
    """Check that thresholds name competencies of the framework, at levels that a judged module prepares for."""
    targets = [target for module in filter(_is_judged, curriculum.modules) for target in module.assesses]
    for code, level in rule.thresholds.items():
        best = max((target.target for target in targets if target.competency == code), default=0)
        if code not in framework.by_code:
            yield finding("unknown_competency", *path, code, code=code)
        elif best < level:
            yield finding("unreachable", *path, code, code=code, wanted_level=level, best_level=best)


# Traces -----------------------------------------------------------------------------------------


def check_traces(traces: Traces, curriculum: Curriculum) -> tuple[Finding, ...]:
    """Return the findings on the activities that take a trace: of the path, each once, of a type that may.

    Those that teams do are among them.
    """
    return tuple(
        chain(
            duplicates(traces.activities, "activities", key=None),
            _check_traced(traces.activities, curriculum),
            duplicates(traces.teams, "teams", key=None),
            (
                finding("team_without_trace", "teams", index, code=code)
                for index, code in enumerate(traces.teams)
                if code not in traces.activities
            ),
        )
    )


def check_admission(rule: AdmissionRule, slugs: Collection[str]) -> tuple[Finding, ...]:
    """Return the findings on what a path asks of who is admitted: other paths of the library, each once."""
    known = set(slugs) - {rule.slug}
    unknown = (
        finding("unknown_path", "completed", index, slug=slug)
        for index, slug in enumerate(rule.completed)
        if slug not in known
    )
    return tuple(chain(duplicates(rule.completed, "completed", key=None), unknown))


def _check_traced(codes: Sequence[str], curriculum: Curriculum) -> Iterator[Finding]:
    for index, code in enumerate(codes):
        if code not in curriculum.placed:
            yield finding("unknown_activity", "activities", index, code=code)
        elif curriculum.activity(code).type not in TRACED:
            yield finding("trace_type", "activities", index, code=code)


# Lexicon ----------------------------------------------------------------------------------------


def check_lexicon(lexicon: Lexicon) -> tuple[Finding, ...]:
    """Return the findings on the words: each once, referring to others that exist; needs alone are heard."""
    slugs = [term.slug for term in lexicon.terms]
    return tuple(
        chain(
            duplicates(slugs, "terms", key="slug"),
            *(_check_term(term, index, set(slugs) - {term.slug}) for index, term in enumerate(lexicon.terms)),
        )
    )


def _check_term(term: Term, index: int, others: Collection[str]) -> Iterator[Finding]:
    yield from duplicates(term.see, "terms", index, "see", key=None)
    for position, slug in enumerate(term.see):
        if slug not in others:
            yield finding("unknown_term", "terms", index, "see", position, slug=slug)
    if bool(term.heard) is not (term.domain is TermDomain.NEED):
        yield finding("term_heard", "terms", index, slug=term.slug)


# Pages ------------------------------------------------------------------------------------------


def check_page(outline: Outline, activity: Activity, module: Module, framework: Framework) -> tuple[Finding, ...]:
    """Return the findings on a page: its sections, its criteria, and minutes that add up to the activity's."""
    return tuple(
        chain(
            _check_outline(outline, activity),
            _check_criteria(outline, module, framework),
            _check_time(outline, activity),
        )
    )


def _plain(text: str) -> str:
    """Return a text with ordinary spaces, as pages may lack the no-break ones."""
    return " ".join(text.split())


def _check_outline(outline: Outline, activity: Activity) -> Iterator[Finding]:
    if outline.title is None or _plain(outline.title.text) != _plain(activity.title.fr):
        yield finding("page_title", expected=activity.title.fr)
    if outline.stray:
        yield finding("page_stray", excerpt=outline.stray.text)
    headings = tuple(heading.text for heading in outline.headings)
    if headings != HEADINGS:
        yield finding("page_headings", expected=", ".join(HEADINGS), found=", ".join(headings))
    if not outline.steps:
        yield finding("page_steps", STEPS)


def _check_criteria(outline: Outline, module: Module, framework: Framework) -> Iterator[Finding]:
    if not outline.criteria:
        yield finding("page_criteria", CRITERIA)
    codes = [item.criterion or "" for item in outline.criteria]
    assessed = {target.competency for target in module.assesses}
    for index, code in enumerate(codes):
        if not code:
            yield finding("page_criterion_form", CRITERIA, index)
        elif code not in framework.criteria:
            yield finding("page_criterion_unknown", CRITERIA, index, code=code)
        elif code in codes[:index]:
            yield finding("duplicate", CRITERIA, index, code=code)
        elif assessed and code.rpartition(".")[0] not in assessed:
            yield finding("page_criterion_foreign", CRITERIA, index, code=code, module=module.code)


def _check_time(outline: Outline, activity: Activity) -> Iterator[Finding]:
    minutes = [item.minutes for item in outline.time]
    for index, value in enumerate(minutes):
        if value is None:
            yield finding("page_time_form", TIME, index)
    total = sum(value or 0 for value in minutes)
    if total != activity.minutes:
        yield finding("page_time_sum", TIME, planned=activity.minutes, total=total)
