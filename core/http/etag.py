"""Entity tags and the preconditions of a request (RFC 9110 sections 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b

from msgspec import Struct

from diptych.core.http.content_coding import CODERS

_ENTITY_TAG = re.compile(r'[\s,]*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,[\s,]*|\Z)')


def entity_tag(body: bytes) -> str:
    """Return a strong entity tag, quoted: a hash of the representation's bytes, equal on both adapters."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def coded(tag: str, coding: str | None) -> str:
    """Return the tag of the same representation in a content coding: other bytes, so another strong tag."""
    return tag if coding is None else f'{tag[:-1]}-{coding}"'


def none_match_fails(field: str, tag: str) -> bool:
    """Return whether If-None-Match names this tag, by weak comparison. A malformed field names no tag.

    Empty list elements are ignored (RFC 9110 section 5.6.1.2).
    """
    # The usual case: the client sends one tag, exactly as it received it.
    return field == tag or field.strip() == "*" or tag in (each for _, each in _tags(field))


class Preconditions(Struct, frozen=True):
    """The If-Match and If-None-Match of a request that changes something; None for a header that was not sent."""

    match: str | None = None
    none_match: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Preconditions:
        """Return the preconditions of a request. headers: names in lower case."""
        return cls(headers.get("if-match"), headers.get("if-none-match"))

    def __bool__(self) -> bool:
        return self.match is not None or self.none_match is not None

    def failed_by(self, tag: str | None) -> bool:
        """Return whether a precondition fails. tag: of the current representation, None where there is none.

        Each content coding of a representation has its own tag; any of them matches.
        """
        tags = set() if tag is None else {coded(tag, coding) for coding in (None, *CODERS)}
        return (self.match is not None and not _matches(self.match, tags)) or (
            self.none_match is not None and any(none_match_fails(self.none_match, each) for each in tags)
        )


def _matches(field: str, tags: set[str]) -> bool:
    """Return whether If-Match names one of these tags, by strong comparison: weak tags never match."""
    if field.strip() == "*":
        return bool(tags)
    return not tags.isdisjoint(each for weak, each in _tags(field) if not weak)


def _tags(field: str) -> list[tuple[bool, str]]:
    """Parse a field into its tags, each with whether it is weak; an empty list when the field is malformed."""
    found: list[tuple[bool, str]] = []
    place = 0
    while place < len(field):
        match = _ENTITY_TAG.match(field, place)
        if match is None:
            return []
        found.append((match[1] is not None, match[2]))
        place = match.end()
    return found
