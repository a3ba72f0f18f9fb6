"""The models of a curriculum and of its competency framework, as the files in ``curricula/`` hold them.

Frozen pydantic values: every text has French (BR-23), unknown keys are refused, nothing is coerced (an
unquoted ``1.10`` is not a version). Checks of several fields are in ``rules.py``. Durations are whole
hours in the files and minutes in the code.
"""

from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints

from app.curricula.enums import GROUP_MODES, ActivityType, MandateKind, Mode, TermDomain
from app.network.enums import CertificateKind
from app.platform.messages.i18n import language

Text = Annotated[str, StringConstraints(strict=True, min_length=1, pattern=r"^\S([\s\S]*\S)?$")]
Slug = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]+(-[a-z0-9]+)*$")]
Version = Annotated[str, StringConstraints(strict=True, pattern=r"^[0-9]+\.[0-9]+(\.[0-9]+)?$")]
PathCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2,5}$")]
ModuleCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2,5}-[0-9]{1,2}$")]
ActivityCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2,5}-[0-9]{1,2}\.([A-Z]|[0-9]{2})$")]
CompetencyCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2,5}-[0-9]{2}$")]
ElementCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2,5}-[0-9]{2}\.[0-9]$")]
CriterionCode = Annotated[str, StringConstraints(strict=True, pattern=r"^[A-Z]{2,5}-[0-9]{2}\.C[0-9]$")]
LevelNumber = Annotated[int, Field(strict=True, ge=1, le=4)]
Hours = Annotated[int, Field(strict=True, ge=1, le=2000)]
Weeks = Annotated[int, Field(strict=True, ge=1, le=260)]
Percent = Annotated[int, Field(strict=True, ge=0, le=100)]
Count = Annotated[int, Field(strict=True, ge=1, le=100)]
Flag = Annotated[bool, Field(strict=True)]
Thresholds = Annotated[
    Mapping[CompetencyCode, LevelNumber],
    AfterValidator(lambda levels: MappingProxyType(dict(levels))),
    PlainSerializer(dict, return_type=dict[str, int]),
]


class Frozen(BaseModel):
    """Base of every value read from a file: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Localized(Frozen):
    """A text in French and, when translated, in English."""

    fr: Text = Field(description="French text, always present (BR-23)")
    en: Text | None = Field(default=None, description="English text; readers get the French one when it is left out")

    @property
    def text(self) -> str:
        """The text in the reader's language; French when there is no English."""
        return self.en if language.get() == "en" and self.en else self.fr


class Level(Localized):
    """The description of one proficiency level."""

    level: LevelNumber = Field(description="Proficiency level, 1 to 4")


class ScaleLevel(Level):
    """A step of the framework's scale, with its name."""

    code: Slug = Field(description="Stable name of the level, e.g. maitrise")


class Element(Localized):
    """A part of a competency."""

    code: ElementCode = Field(description="Code of the element, e.g. CN-01.1")


class Criterion(Localized):
    """A criterion that an assessor judges; activity pages name criteria by code."""

    code: CriterionCode = Field(description="Code of the criterion, e.g. CN-01.C2")
    levels: tuple[Level, ...] = Field(
        default=(), max_length=4, description="What it looks like at each level, from 1 to 4: all four, or none"
    )


class Alignment(Frozen):
    """The equivalent in a public framework: codes only, no copied text."""

    framework: Slug = Field(description="Public framework: digcomp or cadre-qc")
    edition: Text = Field(description="Edition of that framework, e.g. 2.2 or 2019")
    code: Text = Field(description="Code in that edition, e.g. 1.1 or 4")


class Competency(Frozen):
    """A competency of an advisor, with its elements, criteria and a rubric of four levels."""

    code: CompetencyCode = Field(description="Code of the competency, e.g. CN-01")
    title: Localized = Field(description="Title, beginning with a verb")
    elements: tuple[Element, ...] = Field(min_length=1, description="Elements of the competency")
    criteria: tuple[Criterion, ...] = Field(min_length=1, description="Performance criteria, judged on evidence")
    levels: tuple[Level, ...] = Field(min_length=4, max_length=4, description="The four levels, from 1 to 4")
    alignments: tuple[Alignment, ...] = Field(default=(), description="Where it stands in public frameworks")

    @property
    def has_grid(self) -> bool:
        """Whether each criterion has a text at each level: cells of a grid are then ticked, and bind at every level."""
        return all(criterion.levels for criterion in self.criteria)

    def level(self, number: int) -> Level:
        """Return the rubric of a level, 1 to 4."""
        return self.levels[number - 1]


class Framework(Frozen):
    """A version of the competency framework shared by the paths."""

    code: PathCode = Field(description="Code of the framework; its competencies start with it")
    version: Version = Field(description='Version, between quotes, e.g. "1.0"')
    title: Localized = Field(description="Title of the framework")
    scale: tuple[ScaleLevel, ...] = Field(min_length=4, max_length=4, description="The four levels, from 1 to 4")
    competencies: tuple[Competency, ...] = Field(min_length=1, description="Competencies, in reading order")

    @cached_property
    def by_code(self) -> Mapping[str, Competency]:
        """Competencies by code."""
        return MappingProxyType({competency.code: competency for competency in self.competencies})

    @cached_property
    def criteria(self) -> Mapping[str, Criterion]:
        """Criteria of all competencies by code."""
        return MappingProxyType({c.code: c for competency in self.competencies for c in competency.criteria})

    def competency(self, code: str) -> Competency:
        """Return the competency of a code; raise ``KeyError`` when there is none."""
        return self.by_code[code]


class Target(Frozen):
    """The level of one competency that a module prepares for and assesses."""

    competency: CompetencyCode = Field(description="Competency assessed")
    target: LevelNumber = Field(description="Level the module allows to reach")


class CodevQuorum(Frozen):
    """The quorum that completes a codevelopment module, less than every session (BR-09)."""

    min_sessions_attended: Count = Field(description="Sessions to attend")
    min_times_client: Count = Field(description="Times to be the client of a consultation")


class Activity(Frozen):
    """An activity of a module; its page is the file ``<CODE>.md``."""

    code: ActivityCode = Field(description="Code of the activity, module code first, e.g. GEN-1.A; names its page")
    type: ActivityType = Field(description="Type of activity")
    mode: Mode = Field(description="Where and when it takes place")
    hours: Hours = Field(description="Planned hours, whole")
    title: Localized = Field(description="Title, the same as the page's")
    formative: Flag = Field(default=False, description="Whether it gives feedback only, without a level of record")
    requires: tuple[ModuleCode, ...] = Field(
        default=(), description="Modules to complete before this activity, besides the module's prerequisites"
    )

    @property
    def minutes(self) -> int:
        """Planned minutes."""
        return self.hours * 60

    @property
    def is_assessment(self) -> bool:
        """Whether work handed in is due, formative or not; what is deposited elsewhere is a trace, never late."""
        return self.type is ActivityType.assessment

    @property
    def is_group(self) -> bool:
        """Whether a group attends it together, so that it counts in the attendance base (BR-08)."""
        return self.mode in GROUP_MODES


class Module(Frozen):
    """A part of a path, with its activities and the competencies that it assesses."""

    code: ModuleCode = Field(description="Code of the module, path code first, e.g. GEN-1")
    title: Localized = Field(description="Title of the module")
    hours: Hours = Field(description="Planned hours: the sum of its activities (BR-02)")
    week: Weeks = Field(description="Week of the cohort by whose end it should be finished, from 1")
    prerequisites: tuple[ModuleCode, ...] = Field(default=(), description="Modules to complete before (BR-03)")
    outcomes: tuple[Localized, ...] = Field(min_length=1, description="Learning outcomes")
    assesses: tuple[Target, ...] = Field(default=(), description="Competencies assessed, with the level aimed at")
    codev_quorum: CodevQuorum | None = Field(
        default=None, description="Quorum that completes a codevelopment module (BR-09); only there"
    )
    activities: tuple[Activity, ...] = Field(min_length=1, description="Activities, in order")

    @property
    def minutes(self) -> int:
        """Planned minutes."""
        return self.hours * 60


class MandateRule(Frozen):
    """The mandates that a certificate requires; they need not belong to an activity (BR-18)."""

    min_completed: Count = Field(description="Completed mandates")
    kind: MandateKind = Field(description="Kind of mandate")
    min_distinct_enterprises: Count = Field(default=1, description="Different enterprises among them")


class CertificateRule(Frozen):
    """The requirements of one kind of certificate; a person still decides (BR-19)."""

    kind: CertificateKind = Field(description="Kind of certificate")
    min_attendance_pct: Percent = Field(default=0, description="Attendance of planned group hours, in percent (BR-08)")
    min_hours_pct: Percent = Field(default=0, description="Share of the planned hours recognised, in percent (BR-06)")
    all_modules: Flag = Field(default=False, description="Whether every module must be complete or exempted")
    thresholds: Thresholds = Field(
        default_factory=dict,
        validate_default=True,
        description="Level to reach by competency; none for a participation (BR-22)",
    )
    mandates: MandateRule | None = Field(default=None, description="Mandates to complete")

    def __hash__(self) -> int:
        """Return the hash of the kind, as the mapping of thresholds has none."""
        return hash(self.kind)


class FrameworkRef(Frozen):
    """The framework version that a curriculum uses."""

    code: PathCode = Field(description="Code of the framework")
    version: Version = Field(description='Version of the framework, between quotes, e.g. "1.0"')


class Traces(Frozen):
    """The activities of one version that take a trace: work that their page asks to deposit and that nobody judges.

    A file beside the version and not of it: a trace changes nothing that participants are judged on
    (docs/decisions/0033).
    """

    slug: Slug = Field(description="Name of the path; the folder's name")
    version: Version = Field(description='Version, between quotes, e.g. "1.0"; the file\'s name')
    activities: tuple[ActivityCode, ...] = Field(min_length=1, description="Activities that take a trace")
    teams: tuple[ActivityCode, ...] = Field(default=(), description="Those of which one person deposits for a team")


class AdmissionRule(Frozen):
    """What one version of a path asks of who is admitted, as data: what its ``admission`` says in words.

    A file beside the version and not of it, as ``Traces``: it changes nothing that participants are judged on
    (docs/decisions/0037).
    """

    slug: Slug = Field(description="Name of the path; the folder's name")
    version: Version = Field(description='Version, between quotes, e.g. "1.0"; the file\'s name')
    completed: tuple[Slug, ...] = Field(min_length=1, description="Paths of which one was completed before")


class Term(Frozen):
    """A word of the lexicon, with the meaning that the whole network gives it."""

    slug: Slug = Field(description="Stable name in addresses, e.g. plan-d-action")
    name: Localized = Field(description="The word")
    domain: TermDomain = Field(description="What it is about")
    definition: Text = Field(description="One or two plain sentences, in French")
    avoid: Text = Field(description="The false friend to avoid, in a sentence")
    see: tuple[Slug, ...] = Field(default=(), description="Other words to read")
    heard: tuple[Text, ...] = Field(default=(), description="What a need sounds like in an enterprise")


class Lexicon(Frozen):
    """A version of the lexicon."""

    version: Version = Field(description='Version, between quotes, e.g. "1.0"; the file\'s name')
    terms: tuple[Term, ...] = Field(min_length=1, description="The words, in any order")

    def __hash__(self) -> int:
        """Return the hash of the version, which identifies a lexicon."""
        return hash(self.version)

    @cached_property
    def by_slug(self) -> Mapping[str, Term]:
        """Words by their stable name."""
        return MappingProxyType({term.slug: term for term in self.terms})


class Curriculum(Frozen):
    """One version of a learning path; immutable once published (BR-01)."""

    slug: Slug = Field(description="Name of the path in addresses; the folder's name")
    code: PathCode = Field(description="Code of the path; its modules start with it")
    version: Version = Field(description='Version, between quotes, e.g. "1.0"; the file\'s name')
    title: Localized = Field(description="Title of the path, as on certificates")
    object: Localized = Field(description="Object of the activity, for certificates and employers' proofs")
    audience: Localized = Field(description="Who it is for")
    admission: Localized = Field(description="Conditions of admission")
    hours: Hours = Field(description="Planned hours: the sum of its modules (BR-02)")
    weeks: Weeks = Field(description="Length of a cohort, in weeks")
    framework: FrameworkRef = Field(description="Competency framework used")
    certificates: tuple[CertificateRule, ...] = Field(min_length=1, description="Certificates, one rule per kind")
    modules: tuple[Module, ...] = Field(min_length=1, description="Modules, in order")

    def __hash__(self) -> int:
        """Return the hash of slug and version, which identify a curriculum: cheap enough for a cache key."""
        return hash((self.slug, self.version))

    @property
    def minutes(self) -> int:
        """Planned minutes."""
        return self.hours * 60

    @cached_property
    def activities(self) -> tuple[Activity, ...]:
        """Activities of all modules, in order."""
        return tuple(activity for module in self.modules for activity in module.activities)

    @cached_property
    def group_minutes(self) -> int:
        """Planned minutes of group activities, the attendance base of the whole path (BR-08)."""
        return sum(activity.minutes for activity in self.activities if activity.is_group)

    @cached_property
    def modules_by_code(self) -> Mapping[str, Module]:
        """Modules by code."""
        return MappingProxyType({module.code: module for module in self.modules})

    @cached_property
    def placed(self) -> Mapping[str, tuple[Module, Activity]]:
        """Each activity with its module, by the code of the activity."""
        return MappingProxyType({a.code: (module, a) for module in self.modules for a in module.activities})

    def module(self, code: str) -> Module:
        """Return the module of a code; raise ``KeyError`` when there is none."""
        return self.modules_by_code[code]

    def activity(self, code: str) -> Activity:
        """Return the activity of a code; raise ``KeyError`` when there is none."""
        return self.placed[code][1]

    def module_of(self, activity_code: str) -> Module:
        """Return the module of an activity; raise ``KeyError`` when there is no such activity."""
        return self.placed[activity_code][0]

    def rule(self, kind: CertificateKind) -> CertificateRule | None:
        """Return the requirements of a kind of certificate; ``None`` when the path does not lead to it."""
        return next((rule for rule in self.certificates if rule.kind == kind), None)
