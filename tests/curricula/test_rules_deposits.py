"""What each page of the paths asks to deposit, and where: every place that a page names is one that takes it.

``deposits.csv`` reads the 87 pages: for each place that a page names, the words that name it. Each page is searched for
words that name a place, so that one which is not listed is found. ``elsewhere`` says that a page names nothing of ours
or what another activity takes, ``missing`` that it names what is not built.
"""

import csv
import re
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.accompaniment.field_hours.rules import hours_reasons
from app.attendance.calendar.rules import place_reasons
from app.codev.protocols.library import codev_library
from app.codev.ratings.enums import RatingState
from app.codev.ratings.rules import ANSWERED_BEFORE, state_of
from app.codev.sheets.rules import sheet_reasons
from app.community.profiles.schemas import ProfileContent
from app.curricula.enums import ActivityType
from app.curricula.library import DEFAULT_ROOT, default_library
from app.curricula.schemas import Activity, Curriculum
from app.learning.activities.rules import ActivityContext
from app.learning.documents.rules import document_reasons
from app.learning.hand_ins.rules import file_reasons, hand_in_reasons
from app.platform.clock import now
from app.progress.schemas import ActivityProgress, State
from app.resources.rules import SharedPlace, places_named_by
from tests.factories.learning import VALID_FILES, archive, office_document

LIBRARY = default_library()
ACTIVITIES = [
    pytest.param(curriculum, activity, id=f"{curriculum.version}-{activity.code}")
    for curriculum in LIBRARY.curricula.values()
    for activity in curriculum.activities
]
SHARED = {"lexicon": SharedPlace.LEXICON, "directory": SharedPlace.DIRECTORY, "profile": SharedPlace.PROFILE}
"""Places of the network, to which the page of an activity that names one leads."""


SENTENCE = re.compile(r"(?<=[.;!?])\s+|\n+")
DEPOSIT = re.compile(r"escouade|\bdépos|\bvers(?:ez|ée?s?|er)\b|\btélévers", re.IGNORECASE)
"""Words that name a deposit, or us: the sentence holds the words of a place of its page."""
KINDS: dict[str, set[str]] = {
    r"lexique": {"lexicon"},
    r"répertoire": {"directory", "profile"},
    r"tableau du réseau|fiche d'expertise": {"profile"},
    r"portfolio": {"portfolio"},
    r"salle en ligne": {"session"},
    r"espace (?:privé )?(?:du groupe|de l'atelier)|dossier partagé|documents partagés": {
        "group_space", "trainer_deposit", "session",
    },
    r"questionnaire|cotes d'utilité": {"questionnaire", "ratings"},
    r"contrat de groupe|individuellement le contrat": {"contract"},
    r"extrait (?:de|d'une?) (?:votre |son )?journal": {"extract"},
    r"extrait sonore": {"recording"},
    r"en format tableur|en pièce jointe|plus l'inventaire en annexe|données en annexe": {"pieces"},
}  # fmt: skip
"""Words that name a kind of place, and the places of that kind: the page lists one, or says that it is elsewhere."""


def places() -> dict[str, dict[str, list[str]]]:
    """Return the words by which each page names a place, by activity then place."""
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    with (Path(__file__).parent / "deposits.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter=";"):
            found[row["code"]][row["place"]].append(row["words"])
    return {code: dict(named) for code, named in found.items()}


PLACES = places()


def page_text(curriculum: Curriculum, activity: Activity) -> str:
    path = DEFAULT_ROOT / curriculum.slug / curriculum.version / f"{activity.code}.md"
    return " ".join(path.read_text("utf-8").split())


def context(curriculum: Curriculum, activity: Activity) -> ActivityContext:
    """Return the context of an open activity of a cohort that began in September."""
    progress = ActivityProgress(
        code=activity.code, state=State.OPEN, planned_minutes=activity.minutes, recognised_minutes=0
    )
    takes_trace = LIBRARY.takes_trace(curriculum, activity.code)
    return ActivityContext(activity, progress, date(2026, 9, 7), date(2026, 11, 22), takes_trace)


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_page_names_a_place_for_what_it_asks_in_its_own_words(curriculum: Curriculum, activity: Activity) -> None:
    text = page_text(curriculum, activity)
    assert PLACES[activity.code]
    for words in (words for named in PLACES[activity.code].values() for words in named):
        assert words in text


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_page_names_no_place_that_is_not_listed(curriculum: Curriculum, activity: Activity) -> None:
    path = DEFAULT_ROOT / curriculum.slug / curriculum.version / f"{activity.code}.md"
    sentences = SENTENCE.split(path.read_text("utf-8"))
    named = PLACES[activity.code]
    listed = [words for of_place in named.values() for words in of_place]
    assert [s for s in sentences if DEPOSIT.search(s) and not any(words in s for words in listed)] == []
    for pattern, kinds in KINDS.items():
        kind = re.compile(pattern, re.IGNORECASE)
        said = named.keys() & kinds or any(kind.search(words) for words in named.get("elsewhere", ()))
        assert said or not any(kind.search(s) for s in sentences), pattern


def test_what_pages_name_and_nothing_offers_is_known() -> None:
    """Words of published versions, which only another version changes (BR-01)."""
    assert {code for code, named in PLACES.items() if "missing" in named} == {"SPE-9.09", "SPE-11.A"}


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_deposit_is_taken_where_the_page_asks_for_one_and_nowhere_else(
    curriculum: Curriculum, activity: Activity
) -> None:
    named = PLACES[activity.code].keys()
    asks = bool(named & {"hand_in", "trace"})
    reasons = hand_in_reasons(
        context(curriculum, activity), attempts=0, completed_at=None, at=now(), zone="America/Toronto"
    )
    assert (reasons == []) is asks, [r.code for r in reasons]
    assert LIBRARY.takes_trace(curriculum, activity.code) is ("trace" in named)
    assert (activity.type is ActivityType.assessment) is ("hand_in" in named)
    assert not ("nothing" in named and asks)


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_team_of_a_trace_is_named_where_the_page_has_one_deposited_for_a_team_and_nowhere_else(
    curriculum: Curriculum, activity: Activity
) -> None:
    assert LIBRARY.takes_team_trace(curriculum, activity.code) is ("team" in PLACES[activity.code])


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_hours_and_marks_are_taken_where_the_page_asks_for_them(curriculum: Curriculum, activity: Activity) -> None:
    named = PLACES[activity.code].keys()
    reasons = hours_reasons(context(curriculum, activity), minutes=30, worked_on=date(2026, 11, 20), counted=0)
    assert (reasons == []) is ("hours" in named)
    assert (activity.type is ActivityType.self_study) is ("done" in named)


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_document_of_a_trainer_is_taken_where_the_page_announces_one(
    curriculum: Curriculum, activity: Activity
) -> None:
    """Workshops and assessments take some, as their trainers see fit; no page of another activity announces any."""
    reasons = document_reasons(activity, in_force=0, has_content=True)
    assert (reasons == []) is (activity.type in {ActivityType.workshop, ActivityType.assessment})
    assert reasons == [] or "trainer_deposit" not in PLACES[activity.code]


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_activity_that_a_page_names_exists(curriculum: Curriculum, activity: Activity) -> None:
    text = page_text(curriculum, activity)
    known = {code for c in LIBRARY.curricula.values() for code in (*c.placed, *c.modules_by_code)}
    assert set(re.findall(r"\b(?:GEN|SPE)-[0-9]{1,2}(?:\.(?:[A-Z]\b|[0-9]{2}))?", text)) <= known


def test_activity_that_names_a_place_of_the_network_leads_to_it() -> None:
    for code, named in PLACES.items():
        assert {SHARED[place] for place in named.keys() & SHARED.keys()} <= set(places_named_by(code)), code


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_private_space_of_a_group_takes_a_sheet_for_each_session_of_codevelopment(
    curriculum: Curriculum, activity: Activity
) -> None:
    """What these pages ask for is written before the session (``codev/sheets``), and read by the group alone."""
    named = PLACES[activity.code].keys()
    assert (activity.type is ActivityType.codev) is ("group_space" in named)
    starts_at = now() + timedelta(days=7)
    assert not named >= {"group_space"} or sheet_reasons(starts_at, now(), cancelled=False) == []


def test_questionnaire_is_answered_before_the_reviews_whose_page_asks_so() -> None:
    assert {code for code, named in PLACES.items() if "questionnaire" in named} == ANSWERED_BEFORE
    starts_at = now() + timedelta(days=2)
    for code in ANSWERED_BEFORE:
        assert state_of(code, starts_at, [], now(), cancelled=False) is RatingState.OPEN


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_codevelopment_has_its_contract_its_ratings_and_its_extracts(
    curriculum: Curriculum, activity: Activity
) -> None:
    """What a page asks of a member: to agree to the contract, to rate a session, to choose an extract of a journal."""
    named = PLACES[activity.code].keys()
    is_codev = activity.type is ActivityType.codev
    assert is_codev or not named & {"contract", "ratings"}
    at = now()
    extract = replace(context(curriculum, activity), is_extract=True)
    reasons = hand_in_reasons(extract, attempts=0, completed_at=None, at=at, zone="America/Toronto")
    assert (reasons == []) is is_codev
    assert "ratings" not in named or state_of(activity.code, at, [], at, cancelled=False) is RatingState.OPEN
    assert "contract" not in named or codev_library().newest_contract.clauses


@pytest.mark.parametrize(("curriculum", "activity"), ACTIVITIES)
def test_meeting_link_is_taken_where_a_page_names_the_room_online(curriculum: Curriculum, activity: Activity) -> None:
    link = "https://reunion.example/escouade"
    takes_link = activity.is_group and place_reasons(activity.mode, has_venue=False, link=link) == []
    assert takes_link or "session" not in PLACES[activity.code]


def test_recording_and_several_files_at_once_are_taken_where_pages_ask_for_them() -> None:
    asking = {place: {code for code, named in PLACES.items() if place in named} for place in ("recording", "pieces")}
    assert asking == {"recording": {"GEN-5.C"}, "pieces": {"SPE-4.E", "SPE-5.D", "SPE-6.D", "SPE-7.D"}}
    assert all("hand_in" in PLACES[code] for codes in asking.values() for code in codes)
    for kind in ("mp3", "m4a"):
        assert file_reasons(f"extrait.{kind}", VALID_FILES[kind], 10) == []
    pieces = archive(**{f"plan.{kind}": office_document(kind) for kind in ("docx", "xlsx")})
    assert file_reasons("plan.zip", pieces, 10) == []


def test_every_place_that_a_page_names_exists() -> None:
    taken = {
        "elsewhere",
        "missing",
        "contract",
        "ratings",
        "extract",
        "session",
        "recording",
        "pieces",
        "portfolio",
        "nothing",
        "hand_in",
        "trace",
        "hours",
        "done",
        "group_space",
        "questionnaire",
        "trainer_deposit",
        "team",
        *SHARED,
    }
    codes = {a.code for c in LIBRARY.curricula.values() for a in c.activities}
    assert [(code, place) for code, named in PLACES.items() for place in named.keys() - taken] == []
    assert "contribution" in ProfileContent.model_fields
    assert PLACES.keys() == codes
    assert len(codes) == 87


def test_number_of_pages_that_ask_for_a_trace() -> None:
    """Work that pages ask for and that nobody judges: 37 of the 83 pages of the versions 1.0."""
    assert {key: len(codes) for key, codes in LIBRARY.traces.items()} == {
        ("generaliste", "1.0"): 6,
        ("generaliste", "1.1"): 6,
        ("specialise", "1.0"): 31,
        ("specialise", "1.1"): 32,
    }
