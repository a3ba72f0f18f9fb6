"""JSON routes of one college, for its administrator."""

from typing import Annotated

from fastapi import APIRouter

from app.network.colleges import service
from app.network.colleges.schemas import CloseCollege, CollegeChange, CollegeDetails
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.guards import seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.idempotency import IdempotentRoute

router = APIRouter(tags=["network"], route_class=IdempotentRoute)
ManagedCollege = Annotated[CollegeShown, seen(see_college, P.NETWORK_MANAGE)]


@router.get("/colleges/{college_id}", summary="A college")
def read_college(college: ManagedCollege, db: SessionDep) -> CollegeDetails:
    """Return a college with the prefix of its certificates, and why it is closed."""
    return service.college_details(db, college)


@router.put("/colleges/{college_id}", summary="Change a college")
def change_college(college: ManagedCollege, db: SessionDep, command: CollegeChange) -> CollegeDetails:
    """Change a college; its slug and prefix stay, and documents that were issued keep what they say."""
    return service.change_college(db, college, command)


@router.post("/colleges/{college_id}/closure", summary="Close a college")
def close_college(college: ManagedCollege, db: SessionDep, command: CloseCollege) -> CollegeDetails:
    """Close a college: no new cohort, application or invitation; what runs goes on, certificates stay verifiable."""
    return service.close_college(db, college, command)


@router.post("/colleges/{college_id}/reopening", summary="Open a closed college again")
def reopen_college(college: ManagedCollege, db: SessionDep) -> CollegeDetails:
    """Open a closed college again, as it was."""
    return service.reopen_college(db, college)
