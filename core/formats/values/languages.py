"""Languages as catalogues write them: tags, codes of ISO 639 and MARC, and names."""

from __future__ import annotations

import re
from functools import lru_cache

from diptych.core.catalogue.books.language import language_tag
from diptych.core.catalogue.books.language_names import tag_of_name
from diptych.core.catalogue.books.language_registry import preferred_tag, unregistered
from diptych.core.formats.values.texts import is_nothing

# The MARC Code List for Languages marks these as discontinued.
_REPLACED_CODES = """
cam:km esp:eo eth:gez far:fo fri:fy gae:gd gag:gl gal:om gua:gn int:ia iri:ga kus:kos lan:oc lap:smi max:gv mla:mg
mol:ro sao:sm scc:sr scr:hr sho:sn snh:si sso:st swz:ss tag:tl taj:tg tar:tt tru:chk tsw:tn
"""
_REPLACED = dict(pair.split(":") for pair in _REPLACED_CODES.split())
_UNSAID = frozenset(["und", "|||", "   ", "unknown", "undetermined", "zz", "xx", "unspecified"])

# The names that the most used languages give to themselves.
_OWN_NAMES_OF_TAGS = """
العربية:ar български:bg català:ca čeština:cs česky:cs dansk:da deutsch:de ελληνικά:el español:es castellano:es eesti:et
فارسی:fa suomi:fi français:fr עברית:he हिन्दी:hi हिंदी:hi hrvatski:hr magyar:hu italiano:it 日本語:ja 한국어:ko
latina:la lietuvių:lt latviešu:lv nederlands:nl norsk:no polski:pl português:pt română:ro русский:ru slovenčina:sk
slovenščina:sl српски:sr svenska:sv ไทย:th türkçe:tr українська:uk tiếng_việt:vi 中文:zh 汉语:zh 漢語:zh
"""
_OWN_NAMES = dict(pair.split(":") for pair in _OWN_NAMES_OF_TAGS.split())

_REGION_NAMES = {
    "united states": "US",
    "usa": "US",
    "united kingdom": "GB",
    "great britain": "GB",
    "canada": "CA",
    "australia": "AU",
    "brazil": "BR",
    "portugal": "PT",
    "mexico": "MX",
    "spain": "ES",
    "france": "FR",
    "germany": "DE",
    "austria": "AT",
    "switzerland": "CH",
}

_BETWEEN = re.compile(r"\s*[;,|/&]\s*|\s+and\s+")
_QUALIFIED = re.compile(r"(?P<language>[^(]+?)\s*\((?P<region>[^)]*)\)")


@lru_cache(maxsize=1024)
def language_tags(text: str) -> tuple[str, ...]:
    """Return the BCP 47 tags of the languages that a text names; none if it says nothing, or "und".

    Raises ValueError when one of them is neither a tag, a code, nor a name.
    """
    text = " ".join(text.strip().strip("[].").split())
    if is_nothing(text) or text.lower() in _UNSAID:
        return ()
    if (tag := _tag(text)) is not None:
        return (tag,)
    parts = [part for part in _BETWEEN.split(text) if part]
    if len(parts) == 1:
        raise ValueError("is neither a language tag, such as en-GB, nor the name of a language")
    return tuple(dict.fromkeys(tag for part in parts for tag in language_tags(part)))


def _tag(text: str) -> str | None:
    """Return the tag of one language; None if it is not known. Raises ValueError for a region that does not exist."""
    name = text.casefold()
    found = tag_of_name(text) or _OWN_NAMES.get(name.replace(" ", "_")) or _REPLACED.get(name)
    if found is not None:
        return found
    if match := _QUALIFIED.fullmatch(text):
        return _qualified(match["language"], match["region"].casefold())
    family, comma, kind = text.partition(", ")
    if comma and (found := tag_of_name(f"{kind} {family}")):
        return found
    try:
        tag = language_tag(text)
    except ValueError:
        return None
    return _checked(tag)


def _qualified(language: str, region: str) -> str | None:
    """Return the tag of "English (United States)", or of "Greek, Modern (1453- )"."""
    tag = _tag(language)
    if tag is None or not re.search("[^-0-9 ca.]", region):
        return tag
    if region not in _REGION_NAMES:
        raise ValueError("names a region that is not known: give a tag, such as en-GB")
    return f"{tag}-{_REGION_NAMES[region]}"


def _checked(tag: str) -> str:
    """Return the tag that IANA's registry prefers. Raises ValueError for a subtag that it does not have."""
    if (wrong := unregistered(tag)) is not None:
        hint = " (GB is the United Kingdom)" if wrong.endswith("region UK") else ""
        raise ValueError(wrong + hint)
    return preferred_tag(tag)
