"""Language tags (BCP 47, that is RFC 5646), and the ISO 639 codes that catalogues use in their place."""

import re
from functools import lru_cache

from diptych.core.catalogue.books.iana_languages import GRANDFATHERED
from diptych.core.catalogue.books.iso_639 import SHORTER_CODES

LANGUAGE_LENGTH = 35  # characters; the longest tag RFC 5646 (4.4.1) says to expect

# The "langtag" and "privateuse" rules of RFC 5646 (2.1), without the languages of 4 to 8 letters, of which
# none has ever been registered: they would let "english" through.
WELL_FORMED = re.compile(
    r"""
    (?P<language> [a-z]{2,3} ) (?P<extended> (?: - [a-z]{3} ){0,3} )
    (?: - (?P<script> [a-z]{4} ) )?
    (?: - (?P<region> [a-z]{2} | [0-9]{3} ) )?
    (?P<variants> (?: - (?: [a-z0-9]{5,8} | [0-9][a-z0-9]{3} ) )* )
    (?P<extensions> (?: - [0-9a-wy-z] (?: - [a-z0-9]{2,8} )+ )* )
    (?: - x (?: - [a-z0-9]{1,8} )+ )?
    | x (?: - [a-z0-9]{1,8} )+
    """,
    re.ASCII | re.VERBOSE,
)

# The same for JSON Schema, where there are no flags. Beyond it: that nothing may be there twice, and the irregular ones
# of the grandfathered tags.
PATTERN = (
    r"^(?:[A-Za-z]{2,3}(?:[-_][A-Za-z]{3}){0,3}(?:[-_][A-Za-z]{4})?(?:[-_](?:[A-Za-z]{2}|[0-9]{3}))?"
    r"(?:[-_](?:[A-Za-z0-9]{5,8}|[0-9][A-Za-z0-9]{3}))*(?:[-_][0-9A-WY-Za-wy-z](?:[-_][A-Za-z0-9]{2,8})+)*"
    r"(?:[-_][Xx](?:[-_][A-Za-z0-9]{1,8})+)?|[Xx](?:[-_][A-Za-z0-9]{1,8})+)$"
)

_GRANDFATHERED = frozenset(GRANDFATHERED.split())


def language_tag(text: str) -> str:
    """Return a well-formed BCP 47 tag in canonical case, such as "en-GB" or "zh-Hant-TW".

    An underscore is taken for a hyphen, and a three-letter code becomes the two-letter code of the same
    language ("fre" and "fra" are "fr"). Subtags are not looked up: diptych.core.catalogue.books.language_registry does.
    Raises ValueError when the tag is not well-formed, repeats a variant or an extension, or is too long.
    """
    tag = text.strip().replace("_", "-")
    if not tag.isascii() or len(tag) > LANGUAGE_LENGTH:
        raise ValueError(f"language is not a BCP 47 tag of up to {LANGUAGE_LENGTH} characters, such as en-GB")
    return _canonical(tag.lower())


@lru_cache(maxsize=256)
def _canonical(tag: str) -> str:
    if tag not in _GRANDFATHERED:
        match = WELL_FORMED.fullmatch(tag)
        if match is None:
            raise ValueError("language is not a BCP 47 tag, such as en or zh-Hant-TW")
        _refuse_repeats(match)
    first, *rest = tag.split("-")
    return _canonical_case([SHORTER_CODES.get(first, first), *rest])


def _refuse_repeats(match: re.Match[str]) -> None:
    """Raise ValueError when a variant or the letter of an extension is there twice (RFC 5646, 2.2.9)."""
    variants = (match["variants"] or "").split("-")[1:]
    letters = [subtag for subtag in (match["extensions"] or "").split("-") if len(subtag) == 1]
    for subtags in (variants, letters):
        if len(set(subtags)) < len(subtags):
            raise ValueError("language tag has the same variant or extension twice")


def _canonical_case(subtags: list[str]) -> str:
    """Join lower-case subtags in the case of RFC 5646 (2.1.1): ZH-hant-tw is zh-Hant-TW, en-x-gb stays."""
    cased = subtags[:1]
    for place, subtag in enumerate(subtags[1:], start=1):
        if len(subtags[place - 1]) == 1:
            return "-".join([*cased, *subtags[place:]])
        cased.append({2: subtag.upper(), 4: subtag.capitalize()}.get(len(subtag), subtag))
    return "-".join(cased)
