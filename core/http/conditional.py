"""Entity tags, and what a request makes depend on them (RFC 9110 sections 8.8.3 and 13.1)."""

from __future__ import annotations

import re
from hashlib import blake2b

_ENTITY_TAG = re.compile(r'[\s,]*(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")\s*(?:,[\s,]*|\Z)')


def entity_tag(body: bytes) -> str:
    """A strong entity tag, quoted: of the representation's bytes, which are the same whoever answers."""
    return f'"{blake2b(body, digest_size=16).hexdigest()}"'


def coded(tag: str, coding: str | None) -> str:
    """The tag of the same representation in a content coding: other bytes, so another strong tag."""
    return tag if coding is None else f'{tag[:-1]}-{coding}"'


def none_match_fails(field: str, tag: str) -> bool:
    """Whether If-None-Match names this tag, by weak comparison. A field that cannot be read names nothing."""
    return field.strip() == "*" or tag in _tags(field)


def _tags(field: str) -> list[str]:
    found: list[str] = []
    place = 0
    while place < len(field):
        match = _ENTITY_TAG.match(field, place)
        if match is None:
            return []
        found.append(match[1])
        place = match.end()
    return found
