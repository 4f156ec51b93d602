"""Names in BibTeX: "First von Last", "von Last, First", "von Last, Jr, First", and bodies in braces."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bibtexparser.middlewares.names import parse_single_name_into_parts, split_multiple_persons_names

from diptych.core.formats.bibtex.latex import decoded, escaped
from diptych.core.formats.record import Contributor, RawContributor
from diptych.core.formats.text import one_line

OTHERS = "others"
_SUFFIXES = frozenset(("Jr", "Jr.", "Sr", "Sr.", "II", "III", "IV"))

_KEYED = re.compile(r"\s*(family|given|prefix|suffix)\s*=\s*(.*?)\s*", re.IGNORECASE | re.DOTALL)


def contributors(value: str, role: str) -> Iterator[RawContributor | str]:
    """Yield the contributors of a name list, and texts for the summary: commands that are not known, and "others".

    A name that is all in braces is of a body. Braces are looked at before LaTeX is decoded, since a body's name may
    have an "and" or a comma.
    """
    for name in split_multiple_persons_names(value):
        if name.strip() == OTHERS:
            yield "and others"
            continue
        text, unknown = _decoded(name)
        yield from unknown
        if _is_braced(name.strip()):
            yield RawContributor(name=text, role=role, kind="body")
        else:
            yield from _person(name, text, role)


def written(contributor: Contributor) -> str:
    """Return a name for a list, so that `contributors` reads it back.

    A name that BibTeX would take apart is in braces, and so becomes that of a body.
    """
    name = one_line(contributor.name)
    if contributor.kind not in {"body", "meeting"}:
        for form in filter(None, (contributor.sort_name, name)):
            text = escaped(one_line(form))
            if list(contributors(text, contributor.role)) == [_read_back(contributor, name, one_line(form))]:
                return text
    return f"{{{escaped(name)}}}"


def _read_back(contributor: Contributor, name: str, form: str) -> RawContributor:
    return RawContributor(name=name, sort_name=form if "," in form else None, role=contributor.role)


def _person(name: str, text: str, role: str) -> Iterator[RawContributor]:
    """Yield a person, unless nothing is left of the name. Only a name with a comma says which part is the last name."""
    keyed = _keyed(name)
    if keyed is not None:
        yield RawContributor(name=keyed[0], sort_name=keyed[1], role=role)
        return
    commas = _commas(name.strip().strip(","))
    if commas > 2:
        yield RawContributor(sort_name=text, role=role)
        return
    parts = parse_single_name_into_parts(name.strip(), strict=False)
    first, family, suffix = parts.first, [*parts.von, *parts.last], parts.jr
    if len(first) == 1 and first[0] in _SUFFIXES:  # "Doe, Jane, Jr.", as it is often written
        first, suffix = suffix, first
    if commas and first and family:
        reading = ", ".join(filter(None, (" ".join([*first, *family]), " ".join(suffix))))
        yield RawContributor(name=_decoded(reading)[0], sort_name=text, role=role)
    elif text.strip(", "):
        yield RawContributor(name=text.strip(", "), role=role)


def _keyed(name: str) -> tuple[str, str] | None:
    """Return the reading and the sorting form of biber's "family=Doe, given=Jane, prefix=von", None for other names."""
    matches = [_KEYED.fullmatch(part) for part in name.split(",")]
    if len(matches) < 2 or not all(matches):
        return None
    parts = {match[1].lower(): _decoded(match[2])[0] for match in matches if match}
    family = " ".join(filter(None, (parts.get("prefix"), parts.get("family"))))
    given = " ".join(filter(None, (parts.get("given"), family)))
    reading = ", ".join(filter(None, (given, parts.get("suffix"))))
    return reading, ", ".join(filter(None, (family, parts.get("suffix"), parts.get("given"))))


def _decoded(text: str) -> tuple[str, list[str]]:
    value, unknown = decoded(text)
    return one_line(value), unknown


def _is_braced(name: str) -> bool:
    """Tell whether the first brace of a name closes at its end."""
    if not name.startswith("{"):
        return False
    depth = 0
    for place, char in enumerate(name):
        depth += (char == "{") - (char == "}")
        if depth == 0:
            return place == len(name) - 1
    return False


def _commas(name: str) -> int:
    """Count the commas outside of braces."""
    depth = count = 0
    for char in name:
        depth += (char == "{") - (char == "}")
        count += char == "," and depth == 0
    return count
