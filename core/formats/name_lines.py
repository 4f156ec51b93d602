"""Names in one line, as RIS has them: "Last, First, Suffix", and bodies with a comma at the end as in EndNote."""

from __future__ import annotations

from diptych.core.formats.record import Contributor, RawContributor
from diptych.core.formats.text import one_line


def contributor(text: str, role: str) -> RawContributor:
    """Return the contributor that a name stands for.

    "Doe, Jane, Jr." is a person, "Acme," is a body, and so is "Acme,, Inc.", whose own comma is written twice. A name
    without a comma may be of a person or a body.
    """
    value = one_line(text)
    if ",," in value:
        return RawContributor(name=value.replace(",,", ","), role=role, kind="body")
    if value.endswith(","):
        return RawContributor(name=value[:-1].rstrip(), role=role, kind="body")
    family, *rest = (part.strip() for part in value.split(",", 2))
    if not rest:
        return RawContributor(name=value, role=role)
    return RawContributor(name=", ".join([f"{rest[0]} {family}".strip(), *rest[1:]]), sort_name=value, role=role)


def written(contributor_: Contributor) -> str:
    """Return the name so that `contributor` reads it back; the kind is lost, unless it is "body"."""
    name = one_line(contributor_.name)
    body = contributor_.kind in {"body", "meeting"}
    if not body and contributor_.sort_name and _says(contributor_.sort_name, name):
        return one_line(contributor_.sort_name)
    if "," in name:
        return name.replace(",", ",,")
    return f"{name}," if body else name


def _says(sort_name: str, name: str) -> bool:
    """Tell whether a sort name is read back as this name."""
    return "," in sort_name and contributor(sort_name, "author").name == name
