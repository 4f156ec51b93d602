"""The order of the books in a series."""

import re

_NUMBER = re.compile(r"[^0-9]{0,10}?([0-9]{1,6}(?:[.,][0-9]{1,6})?)")


def position_number(position: str | None) -> float | None:
    """Return the first number of a position ("2", "vol. 2.5", "3-4"), None where it has none ("II")."""
    match = _NUMBER.match(position or "")
    return None if match is None else float(match[1].replace(",", "."))
