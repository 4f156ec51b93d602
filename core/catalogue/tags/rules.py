"""The one spelling of a tag's name."""

import unicodedata

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
