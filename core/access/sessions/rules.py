"""How long sessions last, how often a password may be tried, and the cookie (RFC 6265bis)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from msgspec import Struct

IDLE = timedelta(hours=8)
"""Without a request for so long, a session ends."""

LIFETIME = timedelta(days=7)
"""After so long it ends in any case."""

SEEN_INTERVAL = timedelta(minutes=5)

WINDOW, DAY = timedelta(minutes=15), timedelta(days=1)

PER_CLIENT, PER_DAY, PER_ADDRESS = 10, 100, 50
"""Attempts without success: for one account by one client within WINDOW, for it by all clients within DAY, and for all
accounts by one client within WINDOW."""


class Browser(Struct, frozen=True):
    """What an operation of the pages knows of the browser.

    client: its address, where it sends a form; empty for a page that it asks for, which needs none. token: of its
    session; empty without one. loopback: whether it has come by a loopback name, where some browsers keep no Secure
    cookies.
    """

    client: str = ""
    token: str = ""
    loopback: bool = False


def is_over(created_at: datetime, seen_at: datetime, moment: datetime) -> bool:
    """Return whether a session has ended by a moment."""
    return moment - created_at >= LIFETIME or moment - seen_at >= IDLE


def new_session_token() -> str:
    """Return the value of a new session's cookie: 256 bits. Only its digest is to be stored."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> bytes:
    """Return the SHA-256 by which a session is found."""
    return sha256(token.encode()).digest()


def subject(text: str) -> str:
    """Return what is stored of a name or an address of an attempt."""
    return sha256(text.encode()).hexdigest()


def cookie_name(*, loopback: bool) -> str:
    """Return the name of the cookie; with `__Host-`, no other host of the domain can set it."""
    return "diptych-session" if loopback else "__Host-diptych-session"


def read_cookie(field: str, *, loopback: bool) -> str:
    """Return the session's token in a Cookie field; empty without one, and for two of them."""
    found = re.findall(rf"(?:^|;)\s*{re.escape(cookie_name(loopback=loopback))}=([^;\s]*)", field)
    return found[0] if len(found) == 1 else ""


def set_cookie(token: str, *, loopback: bool) -> str:
    """Return the Set-Cookie field of a session; with an empty token, the one that removes it."""
    age = int(LIFETIME.total_seconds()) if token else 0
    secure = "" if loopback else "; Secure"
    return f"{cookie_name(loopback=loopback)}={token}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}"
