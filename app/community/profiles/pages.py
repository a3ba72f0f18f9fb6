"""Pages of profiles: one's own with its photo and its audiences, the directory of advisors, those of an employer."""

from typing import Annotated, Any

from fastapi import Form, Query, Request, Response, UploadFile

from app.community.profiles import service
from app.community.profiles.enums import Availability, Contribution, Sector, Spoken
from app.community.profiles.schemas import (
    EXPERTISES,
    EmployerProfilesQuery,
    ProfileForm,
    ProfileShown,
    ProfilesQuery,
)
from app.community.profiles.service import see_profile
from app.learning.documents.service import SharedFile
from app.learning.hand_ins.rules import MEGABYTE, clean_name
from app.network.schemas import CollegeShown
from app.network.service import reached_open_colleges, regions, see_college
from app.platform.database.session import Session
from app.platform.schema import Command
from app.platform.security.actor import Actor
from app.platform.security.guards import may, seen
from app.platform.security.permissions import P
from app.platform.web.deps import FilesDep, SessionDep, SettingsDep
from app.platform.web.forms import form_errors, form_on
from app.platform.web.forms.one_time import page_router
from app.platform.web.lists import ListView
from app.platform.web.pages import redirect_after_post, render, untrusted_file

router = page_router()
OWN, LIST = "/mon-dossier/fiche", "/conseillers"
Author = Annotated[Actor, may(P.ME_MANAGE)]
Shown = Annotated[ProfileShown, seen(see_profile, P.PROFILE_READ)]


def _choices(db: Session) -> dict[str, Any]:
    return {
        "regions": [(region.code, region.name) for region in regions(db)],
        "competencies": [(c.code, c.title.text) for c in service.framework().competencies],
    }


@router.get(OWN)
def own_profile(request: Request, actor: Annotated[Actor, may(P.ME_READ)], db: SessionDep) -> Response:
    """One's own profile: its form, its photo, and the three audiences."""
    return render(
        request,
        "community/own_profile.html",
        own=service.own_profile(db, actor),
        proofs=service.proofs(db, actor),
        places=range(EXPERTISES),
        sectors=tuple(Sector),
        languages=tuple(Spoken),
        availabilities=tuple(Availability),
        contributions=tuple(Contribution),
        **_choices(db),
    )


@router.post(OWN, dependencies=[form_on(OWN)])
def write_profile(actor: Author, db: SessionDep, form: Annotated[ProfileForm, Form()]) -> Response:
    """Write one's own profile."""
    with form_errors():
        content = form.content
    service.write_profile(db, actor, content, version=form.version)
    return redirect_after_post(OWN)


class PhotoForm(Command):
    """A photo."""

    file: UploadFile


@router.post(OWN + "/photo", dependencies=[form_on(OWN)])
def set_photo(
    *,
    actor: Author,
    db: SessionDep,
    files: FilesDep,
    settings: SettingsDep,
    form: Annotated[PhotoForm, Form(media_type="multipart/form-data")],
) -> Response:
    """Keep a photo of oneself, which others see only by a consent of its own."""
    content = form.file.file.read(settings.upload_megabytes * MEGABYTE + 1)
    sent = SharedFile(clean_name(form.file.filename or ""), content, files, settings.upload_megabytes)
    service.set_photo(db, actor, sent)
    return redirect_after_post(OWN)


@router.post(OWN + "/photo/retrait", dependencies=[form_on(OWN)])
def remove_photo(actor: Author, db: SessionDep) -> Response:
    """Take one's photo away."""
    service.remove_photo(db, actor)
    return redirect_after_post(OWN)


@router.post(OWN + "/suppression", dependencies=[form_on(OWN)])
def delete_profile(actor: Author, db: SessionDep) -> Response:
    """Delete one's own profile."""
    service.delete_profile(db, actor)
    return redirect_after_post(OWN)


@router.get(LIST)
def directory(
    request: Request,
    actor: Annotated[Actor, may(P.PROFILE_READ)],
    db: SessionDep,
    query: Annotated[ProfilesQuery, Query()],
) -> Response:
    """The directory of advisors: who consents to appear in it."""
    gives = actor.can(P.CERTIFICATE_CORRECT)
    colleges = reached_open_colleges(db, actor.using(P.CERTIFICATE_CORRECT)) if gives else []
    view = ListView(LIST, query, service.list_profiles(db, query))
    return render(request, "community/directory.html", listed=view, colleges=colleges, **_choices(db))


@router.get(LIST + "/{person_id}")
def profile(request: Request, db: SessionDep, profile: Shown) -> Response:
    """A profile of the directory."""
    return render(request, "community/profile.html", profile=profile, **_choices(db))


@router.get(LIST + "/{person_id}/photo")
def photo(db: SessionDep, files: FilesDep, profile: Shown) -> Response:
    """The photo of a profile."""
    return untrusted_file(service.photo_of(db, profile, files), "photo.jpg", "image/jpeg")


@router.get("/colleges/{college_id}/fiches-employeur")
def employer_profiles(
    request: Request,
    db: SessionDep,
    college: Annotated[CollegeShown, seen(see_college, P.CERTIFICATE_CORRECT)],
    employeur: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The profiles that people share with the employer who sends them."""
    asked = (employeur or "").strip()
    shared = service.employer_profiles(db, college, EmployerProfilesQuery(employer=asked)) if asked else None
    return render(request, "community/employer.html", college=college, shared=shared, asked=asked, **_choices(db))
