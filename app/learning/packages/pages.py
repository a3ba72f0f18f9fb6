"""Packages to take away, downloaded from the pages of an activity and of a path: what the API answers, as it is."""

from fastapi import APIRouter

from app.learning.activities.paths import ACTIVITY
from app.learning.packages.api import read_activity_package, read_module_package

router = APIRouter(include_in_schema=False)
router.get(ACTIVITY + "/paquet")(read_activity_package)
router.get("/parcours/{enrolment_id}/modules/{code}/paquet")(read_module_package)
