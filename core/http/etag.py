"""Entity tags, and what a request makes depend on them (RFC 9110 sections 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b

from msgspec import Struct

from diptych.core.http.content_coding import CODERS

_ENTITY_TAG = re.compile(r'[\s,]*(W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,[\s,]*|\Z)')


def entity_tag(body: bytes) -> str:
    """A strong entity tag, quoted: of the representation's bytes, which are the same whoever answers."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def coded(tag: str, coding: str | None) -> str:
    """The tag of the same representation in a content coding: other bytes, so another strong tag."""
    return tag if coding is None else f'{tag[:-1]}-{coding}"'


def none_match_fails(field: str, tag: str) -> bool:
    """Whether If-None-Match names this tag, by weak comparison. A field that cannot be read names nothing.

    Empty elements of the list are nothing (RFC 9110 section 5.6.1.2).
    """
    # As a client sends it that has one of them, which is nearly always.
    return field == tag or field.strip() == "*" or tag in (each for _, each in _tags(field))


class Preconditions(Struct, frozen=True):
    """What a request to change something says of the representation it is about; None where it says nothing."""

    match: str | None = None
    none_match: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Preconditions:
        """Those of a request. headers: names in lower case."""
        return cls(headers.get("if-match"), headers.get("if-none-match"))

    def __bool__(self) -> bool:
        return self.match is not None or self.none_match is not None

    def failed_by(self, tag: str | None) -> bool:
        """Whether nothing is to be done. tag: of the representation as it is now, None where there is none.

        A representation has one more tag for each content coding, and a client may have any of them.
        """
        tags = set() if tag is None else {coded(tag, coding) for coding in (None, *CODERS)}
        return (self.match is not None and not _matches(self.match, tags)) or (
            self.none_match is not None and any(none_match_fails(self.none_match, each) for each in tags)
        )


def _matches(field: str, tags: set[str]) -> bool:
    """Whether If-Match names one of these tags, by strong comparison: what is weak names no bytes."""
    if field.strip() == "*":
        return bool(tags)
    return not tags.isdisjoint(each for weak, each in _tags(field) if not weak)


def _tags(field: str) -> list[tuple[bool, str]]:
    """The tags of a field, and whether each is weak; none where any of it cannot be read."""
    found: list[tuple[bool, str]] = []
    place = 0
    while place < len(field):
        match = _ENTITY_TAG.match(field, place)
        if match is None:
            return []
        found.append((match[1] is not None, match[2]))
        place = match.end()
    return found
