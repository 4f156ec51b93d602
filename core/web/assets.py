"""The files that pages need: style, scripts, icons. Each has a hash of its content in its name, and never changes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.resources import files

from msgspec import Struct

FOREVER = "public, max-age=31536000, immutable"
"""Cache-Control of a file with a hash in its name (RFC 8246)."""

_FOLDER = files("diptych.core.web") / "assets"

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "ico": "image/vnd.microsoft.icon",
}


class Asset(Struct, frozen=True):
    """A file, and its media type."""

    content: bytes
    media_type: str


def _asset(name: str) -> tuple[str, Asset]:
    """Return a file with the name that it is served by."""
    content = (_FOLDER / name).read_bytes()
    stem, _, suffix = name.partition(".")
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f"{stem}.{digest}.{suffix}", Asset(content, _TYPES[suffix])


_SERVED = {name: _asset(name) for name in ("style.css", "try.js", "pages.js", "icon.svg")}

ASSETS: Mapping[str, Asset] = dict(_SERVED.values())
"""The files by the names that they are served by."""

FAVICON = _asset("favicon.ico")[1]
"""For browsers that look for an icon without reading a page."""

ROBOTS = b"""User-agent: *
Allow: /docs
Allow: /ui/
Disallow: /ui/search
Disallow: /ui/export
Disallow: /ui/file/
Disallow: /ui/record/
Disallow: /ui/sign-in
Disallow: /
"""
"""Search engines may read the pages and the reference. The API has the same in JSON; searches never end (RFC 9309)."""


def address(name: str) -> str:
    """Return the address of a file, from the root of the mount. Errors: KeyError."""
    return f"ui/assets/{_SERVED[name][0]}"
