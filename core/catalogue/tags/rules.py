"""The one spelling of a tag's name."""

import re
import unicodedata

from diptych.core.catalogue.limits import SCHEME_MAX
from diptych.core.engine.text_normalization import clean


def tag_name(text: str) -> str:
    """Return the name under which a tag is kept: clean, in lower case, with single spaces inside.

    Raises ValueError when nothing is left, or as clean() does.
    """
    name = " ".join(clean(text, multiline=True).split())
    name = name.lower() if name.isascii() else unicodedata.normalize("NFC", name.lower())
    if not name:
        raise ValueError("tag name is empty")
    return name


SCHEME_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9._/-]{{0,{SCHEME_MAX - 1}}}$"
"""The form of a scheme, for JSON Schema."""

_SCHEME = re.compile(SCHEME_PATTERN)


def tag_scheme(text: str) -> str:
    """Return the name of a vocabulary ("lcsh", "bisacsh") in lower case. Raises ValueError for another form."""
    if not _SCHEME.fullmatch(text):
        raise ValueError(f"scheme must have 1 to {SCHEME_MAX} letters, digits, dots, hyphens, slashes or underscores")
    return text.lower()
