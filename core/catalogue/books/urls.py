"""Web addresses (RFC 3986) of books."""

import re

from diptych.core.catalogue.limits import URL_MAX

PATTERN = r"^[Hh][Tt][Tt][Pp][Ss]?://[!-~]+$"
"""The form of an address, for JSON Schema."""

_ADDRESS = re.compile(r"https?://[!#-;=?-\[\]_a-z~]+", re.ASCII | re.IGNORECASE)


def web_address(text: str) -> str:
    """Return an http or https address without white space around it.

    Raises ValueError for another scheme, for characters that an address has to percent-encode, and for more than
    URL_MAX characters.
    """
    address = text.strip()
    if len(address) > URL_MAX:
        raise ValueError(f"has {len(address)} characters, {URL_MAX} are allowed")
    if not _ADDRESS.fullmatch(address):
        raise ValueError("is not an http or https address in ASCII, such as https://example.org/book")
    return address
