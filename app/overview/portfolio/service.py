"""A portfolio, made when it is asked for: nothing of it is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import col

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import enrolments_of, reaches
from app.curricula.library import curriculum_of, default_library
from app.grading.enums import EvidenceKind
from app.grading.evidence.service import evidence_of
from app.grading.panels.outcomes import outcomes_of
from app.grading.panels.schemas import PanelOutcome
from app.grading.rules import assessed_by
from app.grading.schemas import EvidenceRef, EvidenceShown, JudgementShown
from app.grading.service import judgements
from app.grading.works.schemas import WorkShown
from app.grading.works.service import works_of
from app.learning.hand_ins.schemas import HandInRow
from app.learning.hand_ins.service import hand_ins
from app.learning.packages.rules import fitting
from app.learning.packages.schemas import FileMember
from app.network.models import College
from app.overview.portfolio.rules import MOST_MEGABYTES, distinct, folder_name, judged_by, member_name
from app.overview.portfolio.schemas import (
    PathLevel,
    Piece,
    Portfolio,
    PortfolioCompetency,
    PortfolioDecision,
    PortfolioJudgement,
    PortfolioPanel,
    PortfolioPath,
)
from app.platform.audit.access_log import log_access
from app.platform.clock import now
from app.platform.database.session import Session
from app.platform.messages.i18n import local, t
from app.platform.security.actor import Actor
from app.platform.security.permissions import P
from app.progress.path.service import progress_of
from app.progress.schemas import CompetencyProgress


@dataclass(frozen=True, slots=True)
class _Followed:
    """A path of the person with its evidence, its judgements and its levels."""

    ref: EnrolmentRef
    evidence: Sequence[EvidenceShown]
    history: Sequence[JudgementShown]
    files: Mapping[int, HandInRow]
    levels: Mapping[str, CompetencyProgress]
    works: Sequence[WorkShown]
    panels: Sequence[PanelOutcome]


def portfolio(db: Session, actor: Actor, enrolment: EnrolmentRef) -> tuple[Portfolio, list[FileMember]]:
    """Return the portfolio of an enrolment's person and the files of its archive.

    It covers the person's enrolments within the actor's reach: all those of the person themself, in every college where
    they have a role; those of their cohorts or of their college for anyone else. Their reading is logged.
    """
    refs = [
        ref
        for ref in enrolments_of(db, enrolment.person_id)
        if ref.joined_on is not None and reaches(db, actor, P.EVIDENCE_READ, ref)
    ]
    log_access(db, [(ref.person_id, ref.college_id) for ref in refs])
    followed = [_followed(db, ref) for ref in refs]
    codes = {
        competency.code: competency.title.text
        for one in reversed(followed)
        for competency in default_library().framework_of(curriculum_of(one.ref)).competencies
    }
    names = _file_names(followed, codes)
    sizes = {name: row.file_size or 0 for name, row in names.values()}
    kept = fitting(sizes, MOST_MEGABYTES)
    pieces = {one.ref.id: {item.ref: _piece(one.ref, item, names, kept) for item in one.evidence} for one in followed}
    competencies = tuple(_competency(followed, code, codes[code], pieces) for code in sorted(codes))
    shown = Portfolio(
        person_id=enrolment.person_id,
        name=enrolment.name,
        made_at=now(),
        paths=_paths(db, refs),
        competencies=competencies,
        left_out=len(sizes) - len(kept),
    )
    return shown, [FileMember(name=n, sha256=row.file_sha256 or "") for n, row in names.values() if n in kept]


def _followed(db: Session, ref: EnrolmentRef) -> _Followed:
    return _Followed(
        ref,
        evidence_of(db, ref),
        sorted(judgements(db, ref), key=lambda j: j.id),
        {row.id: row for row in hand_ins(db, ref) if row.file_sha256 is not None},
        {level.code: level for level in progress_of(db, ref).competencies},
        works_of(db, ref),
        outcomes_of(db, ref),
    )


def _paths(db: Session, refs: Sequence[EnrolmentRef]) -> tuple[PortfolioPath, ...]:
    colleges = sa.select(col(College.id), col(College.name)).where(col(College.id).in_({r.college_id for r in refs}))
    names = {id_: name for id_, name in db.execute(colleges)}  # noqa: C416 - rows are no pairs to mypy
    return tuple(
        PortfolioPath(
            enrolment_id=ref.id,
            path=curriculum_of(ref).title.text,
            cohort=ref.cohort_title,
            college=names[ref.college_id],
            state=ref.state,
        )
        for ref in refs
    )


def _file_names(followed: Sequence[_Followed], codes: Mapping[str, str]) -> dict[int, tuple[str, HandInRow]]:
    """Return where each file stands in the archive, by hand-in: in the folder of the first competency that it shows."""
    placed: dict[int, tuple[str, HandInRow]] = {}
    for one in followed:
        curriculum = curriculum_of(one.ref)
        for item in one.evidence:
            row = one.files.get(item.id) if item.kind is EvidenceKind.HAND_IN else None
            if row is None:
                continue
            shows = assessed_by(curriculum, item.kind, item.activity_code)
            code = next((code for code in shows if code in codes), "")
            folder = folder_name(code, codes.get(code, ""))
            placed[row.id] = member_name(folder, row.activity_code, row.attempt, row.file_name or ""), row
    names = distinct(name for name, _ in placed.values())
    return {id_: (name, row) for (id_, (_, row)), name in zip(placed.items(), names, strict=True)}


def _competency(
    followed: Sequence[_Followed],
    code: str,
    title: str,
    pieces: Mapping[int, Mapping[EvidenceRef, Piece]],
) -> PortfolioCompetency:
    levels, made, decided, panels, unjudged = [], [], [], [], []
    for one in followed:
        curriculum = curriculum_of(one.ref)
        if (level := one.levels.get(code)) is not None:
            levels.append(
                PathLevel(
                    enrolment_id=one.ref.id, path=curriculum.title.text, level=level.level, threshold=level.threshold
                )
            )
        own = pieces[one.ref.id]
        rests = judged_by(one.history, code)
        unjudged += [
            own[item.ref]
            for item in one.evidence
            if item.ref not in rests and code in assessed_by(curriculum, item.kind, item.activity_code)
        ]
        decided += _decisions(one, code, own)
        panels += [_panel(one.ref, panel) for panel in one.panels if panel.competency_code == code]
        made += [_judgement(one.ref, j, own) for j in one.history if j.competency_code == code]
    return PortfolioCompetency(
        code=code,
        title=title,
        levels=tuple(levels),
        judgements=tuple(sorted(made, key=lambda j: (j.on, j.id))),
        decisions=tuple(sorted(decided, key=lambda d: (d.on, d.id))),
        panels=tuple(sorted(panels, key=lambda p: (p.opened_on, p.id))),
        unjudged=tuple(sorted(unjudged, key=lambda p: (p.on is None, p.on))),
    )


def _decisions(one: _Followed, code: str, pieces: Mapping[EvidenceRef, Piece]) -> list[PortfolioDecision]:
    """Return what was decided, without a level, of a competency; one on a whole work is of all that it shows."""
    found = []
    for work in one.works:
        shows = {competency.competency_code for competency in work.competencies}
        found += [
            PortfolioDecision(
                **decision.model_dump(include={"id", "kind", "decided_by", "text"}),
                enrolment_id=one.ref.id,
                on=local(decision.decided_at, one.ref.timezone).date(),
                criteria=decision.criteria,
                piece=pieces.get(work.evidence) or _gone(one.ref, work.evidence),
            )
            for decision in work.decisions
            if decision.competency_code == code or (decision.competency_code is None and code in shows)
        ]
    return found


def _panel(ref: EnrolmentRef, panel: PanelOutcome) -> PortfolioPanel:
    decided_at = panel.decided_at
    return PortfolioPanel(
        **panel.model_dump(include={"id", "kind", "level", "basis"}),
        assessors=panel.assessors if decided_at is not None else (),
        enrolment_id=ref.id,
        opened_on=local(panel.opened_at, ref.timezone).date(),
        decided_on=local(decided_at, ref.timezone).date() if decided_at is not None else None,
    )


def _judgement(ref: EnrolmentRef, judgement: JudgementShown, pieces: Mapping[EvidenceRef, Piece]) -> PortfolioJudgement:
    return PortfolioJudgement(
        id=judgement.id,
        enrolment_id=ref.id,
        level=judgement.level,
        on=local(judgement.validated_at, ref.timezone).date(),
        assessor=judgement.assessor,
        criteria_met=judgement.criteria_met,
        criteria_levels=judgement.criteria_levels,
        criteria_feedback=judgement.criteria_feedback,
        comment=judgement.comment,
        reason=judgement.reason,
        is_current=judgement.is_current,
        replaces=judgement.supersedes_id,
        pieces=tuple(pieces.get(named) or _gone(ref, named) for named in judgement.evidence),
    )


def _piece(
    ref: EnrolmentRef, item: EvidenceShown, names: Mapping[int, tuple[str, HandInRow]], kept: frozenset[str]
) -> Piece:
    code = item.activity_code
    title = item.title or (curriculum_of(ref).activity(code).title.text if code else "")
    if item.author is not None:  # what a team mate deposited is named, and stays theirs to give
        title = f"{title} ({t('grading.team.by', name=item.author)})"
    name, row = names.get(item.id, (None, None)) if item.kind is EvidenceKind.HAND_IN else (None, None)
    return Piece(
        enrolment_id=ref.id,
        kind=item.kind,
        id=item.id,
        on=item.on,
        title=title,
        activity_code=code,
        attempt=item.attempt,
        body=item.body if item.author is None else None,
        link=item.link if item.author is None else None,
        minutes=item.minutes,
        file=name,
        file_size=row.file_size if row is not None else None,
        in_zip=name in kept,
    )


def _gone(ref: EnrolmentRef, named: EvidenceRef) -> Piece:
    """Return a piece that a judgement rests on and that is no longer evidence: a session cancelled since."""
    return Piece(
        enrolment_id=ref.id, kind=named.kind, id=named.id, on=None, title=t("portfolio.gone", id=named.id),
        activity_code=None, attempt=None, body=None, link=None, minutes=None, file=None, file_size=None, in_zip=False,
    )  # fmt: skip
