"""Knowing which format an XML file has, by its root element."""

from __future__ import annotations

import re

from diptych.core.formats.registry import UnsupportedFormatError

_PROLOGUE = re.compile(
    r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE(?:[^>\[\"']|\"[^\"]*\"|'[^']*')*(?:\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE
)
_ROOT = re.compile(r"<(?:[\w.-]+:)?([\w.-]+)")
_MARC = re.compile(r"http://www\.loc\.gov/MARC21/slim|<(?:[\w.-]+:)?(?:leader|controlfield)\b")

_HOLD_MARC = frozenset(("collection", "record", "records", "OAI-PMH", "searchRetrieveResponse"))
_INSTEAD = "; XML that is read is MARCXML and ONIX for Books"
_REFUSED = {
    "mods": "MODS, which is not read: get MARCXML from where it is from",
    "modsCollection": "MODS, which is not read: get MARCXML from where it is from",
    "xml": "EndNote's XML, which is not read: export RIS or BibTeX from EndNote",
    "feed": "a feed (Atom, OPDS), which is not read",
    "rss": "a feed (RSS), which is not read",
    "html": "a web page, not a catalogue",
    "RDF": "RDF, which is not read",
    "package": "the description of an e-book (OPF), which is not read: export a catalogue from calibre",
    "PubmedArticleSet": "PubMed's XML, which is not read",
    "TEI": "TEI, which is not read",
}


def judge_xml(text: str) -> str:
    """Return "marcxml" or "onix" for the beginning of an XML file; text begins with "<".

    Raises UnsupportedFormatError, with a sentence for people, for other XML.
    """
    place = 0
    while match := _PROLOGUE.match(text, place):
        place = match.end()
    root = _ROOT.match(text, place)
    if root is None:
        raise UnsupportedFormatError("the file begins as XML, but its first element is not found near its beginning")
    name = root[1]
    if name in {"ONIXMessage", "ONIXmessage"}:
        return "onix"
    if name in _HOLD_MARC and _MARC.search(text, place):
        return "marcxml"
    raise UnsupportedFormatError(f"the file is {_refused(name)}{_INSTEAD}")


def _refused(name: str) -> str:
    """Return what people call XML with this root element."""
    if name == "OAI-PMH":
        return "an answer of OAI-PMH without MARC, which is not read: ask for metadataPrefix=marc21 or marcxml"
    if name == "searchRetrieveResponse":
        return "an answer of SRU without MARC, which is not read: ask for recordSchema=marcxml"
    return _REFUSED.get(name) or f"XML of an unknown kind (its first element is <{name[:50]}>)"
