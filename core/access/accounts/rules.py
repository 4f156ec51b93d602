"""The one spelling of an account's name."""

import re

NAME_MAX = 100
NAME_PATTERN = rf"^[A-Za-z0-9][A-Za-z0-9._@+-]{{0,{NAME_MAX - 1}}}$"
"""The form of a name, for JSON Schema."""

_NAME = re.compile(NAME_PATTERN.removesuffix("$") + r"\Z")


def account_name(text: str) -> str:
    """Return a name in lower case. Raises ValueError for another form."""
    if not _NAME.match(text):
        raise ValueError(
            f"a name has 1 to {NAME_MAX} letters of a to z, digits, and . _ @ + -, and begins with a letter or digit"
        )
    return text.lower()
