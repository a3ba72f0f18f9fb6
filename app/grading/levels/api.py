"""Levels as JSON."""

from typing import Annotated

from fastapi import APIRouter

from app.cohorts.enrolments.schemas import EnrolmentRef
from app.cohorts.enrolments.service import see_enrolment
from app.grading.levels import service
from app.grading.levels.schemas import LevelList
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep

router = APIRouter(tags=["grading"])


@router.get("/enrolments/{enrolment_id}/levels", summary="List the levels of an enrolment")
def read_levels(db: SessionDep, enrolment: Annotated[EnrolmentRef, seen(see_enrolment, P.JUDGEMENT_READ)]) -> LevelList:
    """Return the level reached in each competency, with how many pieces, activities and assessors it rests on."""
    return LevelList(items=tuple(service.levels_of(db, enrolment)))
