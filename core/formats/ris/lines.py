"""Lines of a RIS file to references: tags, values that go on in the next line, and text outside."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from msgspec import Struct

REFERENCE_MAX = 1 << 20
"""Characters of a reference, at most."""

# The specification has two capitals, two spaces, a hyphen and a space. Other spellings count only with a known tag,
# since "In - for example - a text that goes on" may begin a line too.
_EXACT = re.compile(r"([A-Z][A-Z0-9])  -(?: (.*)|\Z)")
_LOOSE = re.compile(r"([A-Za-z][A-Za-z0-9])[ \t]{0,2}[-\u2013](?:[ \t]+(.*)|\Z)")
_START = re.compile(r"ty[ \t]*[-\u2013:=]", re.IGNORECASE)

_TAGS = """
TY A1 A2 A3 A4 AB AD AN AU AV BT C1 C2 C3 C4 C5 C6 C7 C8 CA CN CP CR CT CY DA DB DI DO DP ED EP ER ET ID IS J1 J2 JA
JF JO KW L1 L2 L3 L4 LA LB LK M1 M2 M3 N1 N2 NV OP PB PP PY RI RN RP SE SN SP ST SV T1 T2 T3 TA TI TT U1 U2 U3 U4 U5
UR VL VO WP WT WV Y1 Y2
"""
KNOWN = frozenset(_TAGS.split())


class Field(Struct):
    """A tag and the lines of its value."""

    tag: str
    lines: list[str]


class Reference(Struct):
    """What stands from one TY to the next. line: of its TY, from 1; fields: without TY and ER.

    text: whether there are lines outside of fields; after_end: fields after ER; too_long: whether fields were left out.
    """

    line: int
    kind: str
    fields: list[Field]
    ended: bool = False
    text: bool = False
    after_end: int = 0
    too_long: bool = False
    characters: int = 0


class Stray(Struct):
    """Something that belongs to no reference. line: from 1; field: whether it is a field; start: or a malformed TY."""

    line: int
    content: str
    field: bool = False
    start: bool = False


def references(lines: Iterable[str]) -> Iterator[Reference | Stray]:
    """Yield one reference for each TY, and what stands before the first TY or looks like a TY and is none."""
    reference: Reference | None = None
    for number, line in enumerate(lines, start=1):
        field = parsed(line)
        if field is not None and field.tag == "TY":
            if reference is not None:
                yield reference
            reference = Reference(number, field.lines[0].strip().upper(), [])
        elif field is None and _START.match(line):
            yield Stray(number, line, start=True)
        elif reference is not None:
            _add(reference, field, line)
        elif line.strip():
            yield Stray(number, line, field=field is not None)
    if reference is not None:
        yield reference


def parsed(line: str) -> Field | None:
    """Return the field that begins in this line, or None."""
    match = _EXACT.match(line)
    if match is None:
        match = _LOOSE.match(line)
        if match is None or match[1].upper() not in KNOWN:
            return None
    return Field(match[1].upper(), [match[2] or ""])


def _add(reference: Reference, field: Field | None, line: str) -> None:
    """Add a line to the reference."""
    reference.characters += len(line) + 1
    if reference.characters > REFERENCE_MAX:
        reference.too_long = True
    elif field is not None and field.tag == "ER":
        reference.ended = True
    elif reference.ended:
        reference.text = reference.text or bool(line.strip())
        reference.after_end += field is not None
    elif field is not None:
        reference.fields.append(field)
    elif reference.fields:
        reference.fields[-1].lines.append(line)
    else:
        reference.text = reference.text or bool(line.strip())
