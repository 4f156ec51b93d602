"""Subjects of ONIX: group P.12 in 3.0, P.13 in 2.1."""

from __future__ import annotations

from collections.abc import Iterator

from diptych.core.formats.onix.elements import Node

_KEYWORDS = "20"
_PROPRIETARY = ("23", "24")
_SCHEMES = {
    "04": "lcsh",
    "06": "mesh",
    "07": "nal",
    "08": "aat",
    "10": "bisac",
    "12": "bic",
    "19": "lcgft",
    "27": "swd",
    "62": "csh",
    "63": "rvm",
    "71": "yso",
    "74": "sears",
    "91": "gnd",
    "93": "thema",
    "A5": "rameau",
    "A8": "lcshac",
    "B6": "fast",
}
"""Schemes by codes of list 27, by the names that MARC 21 has for those that it knows."""
_CODED = frozenset(("10", "12", "93"))
"""Schemes of the book trade, of which a code becomes a tag where a file gives no heading."""


def tags(book: Node, unread: list[str]) -> Iterator[tuple[str, str | None]]:
    """Yield tags and their schemes; add the subjects that are not tags to `unread`.

    Codes without a heading are numbers of classifications or qualify a subject, and are not tags (but see _CODED).
    """
    yield from ((code, "bisac") for code in book.texts("BASICMainSubject"))
    yield from ((code, "bic") for code in book.texts("BICMainSubject"))
    for node in (*book.all("MainSubject"), *book.all("Subject")):
        code = node.text("SubjectSchemeIdentifier") or node.text("MainSubjectSchemeIdentifier") or ""
        headings = [part for text in node.texts("SubjectHeadingText") for part in _headings(text, code)]
        if not headings and code in _CODED:
            headings = node.texts("SubjectCode")
        if not headings:
            unread.append(f"Subject of scheme {code} (a code alone)")
        scheme = node.text("SubjectSchemeName") if code in _PROPRIETARY else _SCHEMES.get(code)
        yield from ((heading, scheme) for heading in headings)


def _headings(text: str, code: str) -> list[str]:
    """Return a heading, or the keywords in a list; list 27 recommends semicolons, and many senders use commas."""
    if code != _KEYWORDS:
        return [text]
    parts = text.split(";" if ";" in text else ",")
    return [part.strip() for part in parts if part.strip()]
