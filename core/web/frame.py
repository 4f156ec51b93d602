"""What surrounds the content of every page, and the headers that every page has."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from diptych.core.access.permissions import Permission
from diptych.core.access.principal import UNKNOWN, Principal, Via
from diptych.core.http.operations import relative_root

HTML = "text/html; charset=utf-8"

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    # With no-referrer, Chromium sends `Origin: null` with forms.
    "Referrer-Policy": "same-origin",
}
"""What a page has in place of the headers of the API."""


class Frame(Struct, frozen=True):
    """What surrounds a page's content.

    root: the relative address of the mount's root; every link of a page begins with it. visitor: who looks at the
    page; unknown where nobody has asked. name: of the account. search: what is in the search box. permissions: of the
    visitor.
    """

    root: str
    visitor: Via | Literal["unknown"] = "unknown"
    name: str = ""
    search: str = ""
    permissions: frozenset[str] = frozenset()

    def may(self, permission: Permission) -> bool:
        """Return whether the visitor has a permission."""
        return permission in self.permissions


def frame_of(path: str, principal: Principal, search: str = "") -> Frame:
    """Return the frame of a page. path: its own, or its route's."""
    visitor: Via | Literal["unknown"] = "unknown" if principal is UNKNOWN else principal.via
    return Frame(relative_root(path), visitor, principal.name or "", search, principal.permissions)
