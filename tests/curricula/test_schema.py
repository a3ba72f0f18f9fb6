import pytest

from app.curricula.schemas import CertificateRule, Localized
from app.network.enums import CertificateKind
from app.platform.messages.i18n import language
from tests.factories import curricula as samples


def test_text_follows_the_reader_and_falls_back_to_french() -> None:
    both, only_french = Localized(fr="Bonjour", en="Hello"), Localized(fr="Bonjour")
    assert (both.text, only_french.text) == ("Bonjour", "Bonjour")
    token = language.set("en")
    try:
        assert (both.text, only_french.text) == ("Hello", "Bonjour")
    finally:
        language.reset(token)


def test_lookups_of_a_curriculum() -> None:
    curriculum = samples.curriculum()
    assert [activity.code for activity in curriculum.activities] == [
        "ESS-1.A",
        "ESS-1.B",
        "ESS-1.C",
        "ESS-2.A",
        "ESS-2.B",
    ]
    assert curriculum.activity("ESS-2.A").minutes == 180
    assert curriculum.module_of("ESS-2.A") is curriculum.module("ESS-2")
    assert (curriculum.minutes, curriculum.group_minutes, curriculum.module("ESS-1").minutes) == (600, 480, 240)
    for missing in (curriculum.activity, curriculum.module, curriculum.module_of):
        with pytest.raises(KeyError):
            missing("ESS-9")


def test_rule_of_a_kind_of_certificate() -> None:
    curriculum = samples.curriculum()
    participation = curriculum.rule(CertificateKind.attestation_participation)
    assert participation is curriculum.certificates[0]
    assert curriculum.rule(CertificateKind.certification_collegiale) is None


def test_lookups_of_a_framework() -> None:
    framework = samples.framework()
    assert framework.competency("CN-02").level(3).fr == "Niveau 3"
    assert framework.criteria["CN-01.C2"].fr == "Critère 2"
    with pytest.raises(KeyError):
        framework.competency("CN-03")


def test_values_cannot_be_changed_and_can_be_cache_keys() -> None:
    curriculum = samples.curriculum()
    thresholds = curriculum.certificates[1].thresholds
    with pytest.raises(TypeError):
        thresholds["CN-01"] = 4  # type: ignore[index]
    assert len({curriculum, samples.curriculum(), *curriculum.certificates, *samples.curriculum().certificates}) == 3
    assert len({samples.framework(), samples.framework()}) == 1


def test_values_survive_json() -> None:
    rule = samples.curriculum().certificates[1]
    assert CertificateRule.model_validate_json(rule.model_dump_json()) == rule
