"""Profiles as JSON: one's own, the directory of advisors, those of an employer's people."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.community.profiles import service
from app.community.profiles.schemas import (
    EmployerProfiles,
    EmployerProfilesQuery,
    OwnProfile,
    ProfileContent,
    ProfilePage,
    ProfilesApiQuery,
    ProfileShown,
)
from app.community.profiles.service import see_profile
from app.network.schemas import CollegeShown
from app.network.service import see_college
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import SessionDep
from app.platform.web.preconditions import IfMatch, etag_of

router = APIRouter(tags=["community"])
Reader = Annotated[Actor, may(P.PROFILE_READ)]


@router.get("/me/profile", summary="One's own profile")
def own_profile(response: Response, actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> OwnProfile:
    """Return one's own profile, published or not, and the three audiences that one consents to, or not."""
    shown = service.own_profile(db, actor)
    response.headers["ETag"] = etag_of(shown.version)
    return shown


@router.put("/me/profile", summary="Write one's own profile")
def write_profile(
    response: Response,
    actor: Annotated[Actor, may(P.ME_MANAGE)],
    db: SessionDep,
    version: IfMatch,
    command: ProfileContent,
) -> OwnProfile:
    """Write one's own profile: a draft until one consents to an audience of `/me/consents`; `If-Match: "0"` at first.

    Each expertise rests on a valid certificate, or on a mandate, of one's own.
    """
    shown = service.write_profile(db, actor, command, version=version)
    response.headers["ETag"] = etag_of(shown.version)
    return shown


@router.delete("/me/profile", status_code=HTTPStatus.NO_CONTENT, summary="Delete one's own profile")
def delete_profile(actor: Annotated[Actor, may(P.ME_MANAGE)], db: SessionDep) -> None:
    """Delete one's own profile with its photo; what one consented to stays in the register of consents."""
    service.delete_profile(db, actor)


@router.get("/profiles", summary="Search the directory of advisors")
def profiles(_: Reader, db: SessionDep, query: Annotated[ProfilesApiQuery, Query()]) -> ProfilePage:
    """Return the profiles whose person consents to appear in the directory, by name."""
    return service.profiles(db, query)


@router.get("/profiles/{person_id}", summary="A profile of the directory")
def profile(profile: Annotated[ProfileShown, seen(see_profile, P.PROFILE_READ)]) -> ProfileShown:
    """Return a profile while its person consents to appear; afterwards as if it had never been."""
    return profile


@router.get("/colleges/{college_id}/employer-profiles", summary="The profiles shared with an employer")
def employer_profiles(
    college: Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_CORRECT)],
    db: SessionDep,
    query: Annotated[EmployerProfilesQuery, Query()],
) -> EmployerProfiles:
    """Return the profiles of people whom an employer sends and who consent to share theirs with it."""
    return service.employer_profiles(db, college, query)
