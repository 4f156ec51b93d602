"""Language tags by IANA's registry: whether their subtags exist, and what to use in place of old ones.

The API takes all well-formed tags. This is for imports, where en-UK is a mistake and iw is Hebrew.
"""

from __future__ import annotations

import re
from functools import lru_cache

from diptych.core.catalogue.books import iana_languages
from diptych.core.catalogue.books.language import WELL_FORMED, language_tag

_EXTENSIONS = frozenset("tu")
"""The letters of extensions that are registered (RFC 6067 and RFC 6497)."""


def is_registered(tag: str) -> bool:
    """Tell whether all subtags of a tag are in the registry. Raises ValueError when the tag is not well-formed."""
    return unregistered(tag) is None


@lru_cache(maxsize=1024)
def unregistered(tag: str) -> str | None:
    """Return what of a tag is not in the registry, in words ("there is no region UK"); None if all is.

    Raises ValueError when the tag is not well-formed.
    """
    lower = language_tag(tag).lower()
    match = WELL_FORMED.fullmatch(lower)
    if match is None or lower in _words(iana_languages.GRANDFATHERED) or lower.startswith("x-"):
        return None
    return _unregistered_language(match["language"], match["extended"]) or _unregistered_others(match)


def preferred_tag(text: str) -> str:
    """Return the tag in canonical form (RFC 5646, 4.5): iw is he, zh-cmn-Hans is cmn-Hans, i-klingon is tlh.

    A tag that has no preferred value stays, such as cmn, which the registry does not replace by zh.
    Raises ValueError as language_tag().
    """
    tag = language_tag(text)
    whole = _pairs(iana_languages.PREFERRED_TAGS).get(tag.lower())
    if whole is not None:
        return language_tag(whole)
    lower = tag.lower()
    match = WELL_FORMED.fullmatch(lower)
    if match is None or match["language"] is None:
        return tag
    language = _preferred_language(match["language"], match["extended"])
    rest = lower[match.end("extended") :]
    if match["region"] is not None:
        region = _pairs(iana_languages.PREFERRED_REGIONS).get(match["region"], match["region"])
        rest = lower[match.end("extended") : match.start("region")] + region + lower[match.end("region") :]
    return language_tag(language + rest)


def _preferred_language(language: str, extended: str) -> str:
    """Return the language that is preferred; an extended language (zh-cmn) is one by itself (RFC 5646, 2.2.2)."""
    if extended and _pairs(iana_languages.EXTLANGS).get(extended.removeprefix("-")) == language:
        language, extended = extended.removeprefix("-"), ""
    return _pairs(iana_languages.PREFERRED_LANGUAGES).get(language, language) + extended


def _unregistered_language(language: str, extended: str) -> str | None:
    """Return what is wrong with the language, or with what extends it, in words."""
    if language not in _languages():
        return f"there is no language {language}"
    extlangs = _pairs(iana_languages.EXTLANGS)
    wrong = [subtag for subtag in extended.split("-")[1:] if extlangs.get(subtag) != language]
    return f"there is no extended language {language}-{wrong[0]}" if wrong else None


def _unregistered_others(match: re.Match[str]) -> str | None:
    """Return what is wrong with the other subtags, in words."""
    if match["script"] and match["script"] not in _words(iana_languages.SCRIPTS):
        return f"there is no script {match['script'].capitalize()}"
    if match["region"] and match["region"] not in _words(iana_languages.REGIONS):
        return f"there is no region {match['region'].upper()}"
    variants = [one for one in match["variants"].split("-")[1:] if one not in _words(iana_languages.VARIANTS)]
    if variants:
        return f"there is no variant {variants[0]}"
    letters = [one for one in match["extensions"].split("-") if len(one) == 1 and one not in _EXTENSIONS]
    return f"there is no extension {letters[0]}" if letters else None


@lru_cache(maxsize=1)
def _languages() -> frozenset[str]:
    groups = (group.split("-") for group in iana_languages.LANGUAGES.split())
    return frozenset(start + letter for start, letters in groups for letter in letters)


@lru_cache(maxsize=16)
def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


@lru_cache(maxsize=16)
def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())
