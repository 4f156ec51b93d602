"""Routing on the path as it was sent, as Sanic does: WSGI hands it over decoded, and "%2F" would be a slash."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_SCHEME_AND_HOST = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*")
"""What a target in absolute form (RFC 9112 section 3.2.2) begins with."""

RAW = "diptych.raw_path"
"""In the environ of a request whose PATH_INFO is still percent-encoded."""


def sent_path(environ: WSGIEnvironment) -> str | None:
    """Return the path as it was sent, if the server provides it."""
    # gunicorn's name for the request target, and werkzeug's.
    target = environ.get("RAW_URI") or environ.get("REQUEST_URI")
    return re.split("[?#]", _SCHEME_AND_HOST.sub("", target, count=1), maxsplit=1)[0] if target else None


class RawPath:
    """WSGI middleware that puts the undecoded path into PATH_INFO, where the server tells it."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        path = sent_path(environ)
        if path is not None:
            path = path.removeprefix(quote(environ.get("SCRIPT_NAME", ""), encoding="latin-1"))
            # werkzeug would take any number of slashes at the beginning for one.
            environ["PATH_INFO"] = path if not path.startswith("//") else f"/%2F{path[2:]}"
            environ[RAW] = True
        # No route is a WebSocket: asked for one, the answer is that of an ordinary GET.
        environ.pop("HTTP_UPGRADE", None)
        return self._application(environ, start_response)
