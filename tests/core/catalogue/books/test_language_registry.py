import pytest

from diptych.core.catalogue.books import iana_languages
from diptych.core.catalogue.books.language import language_tag
from diptych.core.catalogue.books.language_names import TAGS
from diptych.core.catalogue.books.language_registry import is_registered, preferred_tag, unregistered


@pytest.mark.parametrize(
    "tag",
    [
        *("en", "eng", "en-GB", "zh-Hant-TW", "es-419", "zh-cmn-Hans-CN", "sl-rozaj-biske-1994", "de-DE-u-co-phonebk"),
        *("iw", "sr-YU", "qaa", "mul", "und", "x-whatever", "i-default", "zh-min-nan", "en-x-anything", "qtz-Qabx-QM"),
    ],
)
def test_tags_of_registered_subtags_are_registered(tag):
    assert is_registered(tag)


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("en-UK", "there is no region UK"),
        ("zz", "there is no language zz"),
        ("xyz-Latn", "there is no language xyz"),
        ("en-cmn", "there is no extended language en-cmn"),
        ("en-Abcd", "there is no script Abcd"),
        ("ar-1ABC", "there is no variant 1abc"),
        ("en-a-bbb", "there is no extension a"),
    ],
)
def test_what_is_not_registered_is_told_in_words(tag, reason):
    assert not is_registered(tag)
    assert unregistered(tag) == reason
    assert language_tag(tag)


@pytest.mark.parametrize(
    ("tag", "preferred"),
    [
        ("iw", "he"),
        ("iw-IL", "he-IL"),
        ("mo", "ro"),
        ("zh-cmn-Hans-CN", "cmn-Hans-CN"),
        ("zh-yue", "yue"),
        ("cmn", "cmn"),
        ("de-DD", "de-DE"),
        ("my-BU", "my-MM"),
        ("i-klingon", "tlh"),
        ("en-GB-oed", "en-GB-oxendict"),
        ("sgn-BE-FR", "sfb"),
        ("i-default", "i-default"),
        ("x-iw", "x-iw"),
        ("fre-CA", "fr-CA"),
        ("en-x-dd", "en-x-dd"),
    ],
)
def test_old_subtags_have_preferred_ones(tag, preferred):
    assert preferred_tag(tag) == preferred
    assert preferred_tag(preferred) == preferred


def test_names_of_languages_have_registered_tags():
    assert all(is_registered(tag) for tag in TAGS.values())
    assert [TAGS[name] for name in ("english", "modern greek", "greek", "farsi", "tok pisin", "filipino")] == [
        *("en", "el", "el", "fa", "tpi", "fil")
    ]


def test_the_date_of_the_registry_is_known():
    assert iana_languages.FILE_DATE >= "2025-08-25"
